"""How a record of the log becomes a line: to be read by people or by programs, and never with a secret in it."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS, BaseJsonFormatter

from payments import trace
from storefront.redaction import redacted

UNTRACED = {"request_id": "-"}
# What Django refuses with an error's line of its own: any visitor could fill the log with tracebacks.
SENT_BY_ANYBODY = ("DisallowedHost", "RequestDataTooBig", "TooManyFieldsSent", "TooManyFilesSent")


class Traced(logging.Filter):
    """Gives every record what was noted while its request is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, fact in trace.noted().items():
            record.__dict__.setdefault(name, fact)
        return True


class TextLine(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {request_id} {name}: {message}", style="{", defaults=UNTRACED)

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class JsonLine(BaseJsonFormatter):
    """Its encoder is kept: that of the library is made anew for each line, which costs as much as the line."""

    encode = json.JSONEncoder(default=str).encode

    def __init__(self) -> None:
        # Django's records carry the request itself, whose text has the address of an order.
        reserved = (*RESERVED_ATTRS, "request")
        names = {"created": "time", "levelname": "level", "name": "logger"}
        super().__init__((*names, "message"), rename_fields=names, reserved_attrs=reserved)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        log_data["time"] = datetime.fromtimestamp(log_data["time"], UTC).isoformat(timespec="milliseconds")
        return redacted(self.encode(log_data))


class WithTraceback(logging.Filter):
    """For what Django says of an answer: the line of the request says it too, unless something was raised."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


def logging_config(*, form: str, level: str, with_metrics: bool) -> dict[str, Any]:
    counting = ["counting"] if with_metrics else []
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"text": {"()": TextLine}, "json": {"()": JsonLine}},
        "filters": {
            "traced": {"()": Traced},
            "with_traceback": {"()": WithTraceback},
            "without_traceback": {"()": "storefront.redaction.WithoutTraceback"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["traced"], "level": level},
            "mail_admins": {"class": "storefront.redaction.RedactedMail", "level": "ERROR"},
            **({"counting": {"class": "storefront.metrics.CountingHandler"}} if with_metrics else {}),
        },
        # What is counted must be told even where it is not shown: the level is the console's.
        "root": {"handlers": ["console"], "level": "DEBUG" if level == "DEBUG" else "INFO"},
        "loggers": {
            # What is logged as an error here needs somebody: money is not where it should be.
            "payments": {"handlers": ["mail_admins", *counting]},
            # The SDK's own lines repeat every request; ours say what matters, without bodies.
            "stripe": {"level": "WARNING"},
            # Somebody asked for a host of another name, or sent too much: one line is enough.
            **{f"django.security.{kind}": {"filters": ["without_traceback"]} for kind in SENT_BY_ANYBODY},
            "django.request": {"level": "ERROR", "filters": ["with_traceback"]},
            # The development server's lines repeat the request's.
            "django.server": {"level": "CRITICAL"},
        },
    }
