"""Web and e-mail addresses, as Stripe checks them."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from payments.sandbox.errors import invalid


def check_url(name: str, url: str) -> None:
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/") or any(space in url for space in " \t\r\n"):
        message = f"Invalid URL: {name} must be a whole address that begins with http:// or https://."
        raise invalid(name, message, "url_invalid")


def check_email(name: str, email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise invalid(name, f"Invalid email address: {email[:100]}", "email_invalid") from None
