"""What error pages, reports and the log leave out, in addition to what Django leaves out by itself."""

import logging
import re

from django.views.debug import SafeExceptionReporterFilter

# Keys and webhook secrets, what lets a browser pay an intent, and the uuid by which anybody sees an order.
SECRET = re.compile(
    r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9_+/=-]+|_secret_[A-Za-z0-9_]+"
    r"|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
)
# No text without one of these has a secret: most lines have none, and need not be searched.
MARKS = ("sk_", "rk_", "whsec_", "_secret_")
DASHES_OF_UUID = 4


def redacted(text: str) -> str:
    if text.count("-") < DASHES_OF_UUID and not any(mark in text for mark in MARKS):
        return text
    return SECRET.sub("[hidden]", text)


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
