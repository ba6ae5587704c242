"""What Django's error pages and reports must not show, in addition to what Django hides by itself."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ReporterFilter(SafeExceptionReporterFilter):
    """Also hides addresses that carry passwords (`DATABASE_URL`, `EMAIL_URL`), in settings and in the environment."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + r"|_URL$|DSN|DATABASES|COOKIE|AUTHORIZATION",
        flags=re.IGNORECASE,
    )
