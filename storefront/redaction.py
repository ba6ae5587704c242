"""What error pages, reports and the log leave out, in addition to what Django leaves out by itself."""

import logging
import re

from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Also hides retired keys and addresses that carry passwords (`DATABASE_URL`), in settings and the environment."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + r"|_URL$|_RETIRED$|DSN|DATABASES|COOKIE|AUTHORIZATION|^visitor$",
        flags=re.IGNORECASE,
    )


class WithoutTraceback(logging.Filter):
    """For a logger whose message says all there is to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True
