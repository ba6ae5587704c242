"""In which language a payer reads: the locale that the shop asked for, as on Stripe's pages."""

from django.utils import translation
from django.utils.translation import gettext

from payments.sandbox.store import JSON


def language_of(locale: str | None) -> str:
    """The browser's own for `auto`; English for one that there are no texts in."""
    if not locale or locale == "auto":
        return translation.get_language() or "en"
    try:
        return translation.get_supported_language_variant(locale.lower())
    except LookupError:
        return "en"


def in_words(error: JSON) -> JSON:
    """The error that an attempt ended in, as a payer reads it: the API speaks English, the pages do not."""
    return error | {"message": gettext(error["message"])}
