"""Errors on their way to Sentry, where SENTRY_DSN is set: what happened, and nothing about anybody."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from payments import trace
from storefront.redaction import redacted

# Of the request: which page, and how it was asked for. Not who asked, nor with what.
KEPT_OF_REQUEST = ("method", "url")


def start(dsn: str) -> None:
    """Raises ImproperlyConfigured. Variables of frames are left out: the SDK of Stripe keeps keys in its own."""
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: run `pip install -r requirements-sentry.txt`, or "
            "remove SENTRY_DSN."
        ) from None
    try:
        sentry_sdk.init(
            dsn,
            before_send=scrubbed,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            auto_session_tracking=False,
        )
    except sentry_sdk.utils.BadDsn:
        raise ImproperlyConfigured(
            "SENTRY_DSN cannot be read: copy it from the project's settings in Sentry."
        ) from None


def scrubbed(event: Any, hint: dict[str, Any]) -> Any:
    if "request" in event:
        event["request"] = {name: event["request"].get(name, "") for name in KEPT_OF_REQUEST}
    event.pop("user", None)
    event.setdefault("tags", {}).update({name: str(fact) for name, fact in trace.noted().items()})
    return without_secrets(event)


def without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {name: without_secrets(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(part) for part in value]
    return value
