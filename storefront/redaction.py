"""What error pages, reports and the log leave out, in addition to what Django leaves out by itself."""

import logging
import re

from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Also hides addresses that carry passwords (`DATABASE_URL`, `EMAIL_URL`), in settings and in the environment."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + r"|_URL$|DSN|DATABASES|COOKIE|AUTHORIZATION|^visitor$",
        flags=re.IGNORECASE,
    )


class WithoutTraceback(logging.Filter):
    """For a logger whose message says all there is to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True
