"""What error pages, reports and the log leave out, in addition to what Django leaves out by itself."""

import logging
import re
from collections.abc import ItemsView
from typing import Any

from django.utils.log import AdminEmailHandler
from django.views.debug import SafeExceptionReporterFilter

# Keys and webhook secrets, what lets a browser pay an intent, the uuid by which anybody sees an order, and e-mail
# addresses: a database says whole rows when it refuses one.
SECRET = re.compile(
    r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9_+/=-]+|_secret_[A-Za-z0-9_]+"
    r"|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
# No text without one of these has a secret: most lines have none, and need not be searched.
MARKS = ("sk_", "rk_", "whsec_", "_secret_", "@")
DASHES_OF_UUID = 4


def redacted(text: str) -> str:
    if text.count("-") < DASHES_OF_UUID and not any(mark in text for mark in MARKS):
        return text
    return SECRET.sub("[hidden]", text)


class ReporterFilter(SafeExceptionReporterFilter):
    """Also hides addresses that carry passwords (`DATABASE_URL`, `EMAIL_URL`), and keys under whatever name."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + r"|_URL$|_RETIRED$|DSN|DATABASES|COOKIE|AUTHORIZATION|^visitor$",
        flags=re.IGNORECASE,
    )

    def cleanse_setting(self, key: str | int, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return redacted(cleansed) if isinstance(cleansed, str) else cleansed

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return {name: redacted_value(value) for name, value in variables}.items()


def redacted_value(value: Any) -> Any:
    """The value as it is, or what is left of its text if a secret is anywhere in it."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  (Django says so in its place)
        return value
    hidden = redacted(text)
    return value if hidden == text else hidden


class RedactedMail(AdminEmailHandler):
    """Mail goes through many hands."""

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        super().send_mail(redacted(subject), redacted(message), *args, **kwargs)


class WithoutTraceback(logging.Filter):
    """For a logger whose message says all there is to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True
