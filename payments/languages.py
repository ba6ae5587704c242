"""In which language texts, numbers and times are written now: the page's, in the visitor's own variant of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.utils.formats import date_format, get_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, override

# Such as de-ch on a German page; empty where there is no page.
variant: ContextVar[str] = ContextVar("variant", default="")


@contextmanager
def numbers_written_in(language: str) -> Iterator[None]:
    """Until the end, numbers on pages of this language are written as in this variant of it."""
    token = variant.set(language)
    try:
        yield
    finally:
        variant.reset(token)


@contextmanager
def written_in(language: str) -> Iterator[None]:
    """Until the end, texts and numbers are in this language, whoever's page it is: for what somebody else reads."""
    with override(language), numbers_written_in(language):
        yield


def language_of_numbers() -> str:
    """A mail in another language than the page's has numbers of its own, whatever the visitor's variant is."""
    language = language_of_texts()
    own = variant.get()
    return own if is_variant(own, language) else language


def language_of_texts() -> str:
    """The language of the page; the shop's own where there is no page."""
    return get_language() or settings.LANGUAGE_CODE


def is_variant(own: str, language: str) -> bool:
    """Whether it is the language or, as de-ch is of de, a variant of it."""
    return f"{own}-".startswith(f"{language}-")


def has_locale(language: str) -> bool:
    return babel_locale(language) is not None


@lru_cache(maxsize=1024)
def babel_locale(language: str) -> Locale | None:
    """The locale of a language code such as de or de-ch; None where CLDR knows none."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def decimal_separator() -> str:
    """As a spreadsheet of the page's language reads numbers."""
    return str(get_format("DECIMAL_SEPARATOR"))


def cell_separator() -> str:
    """Of a CSV file: where a comma begins the decimals, spreadsheets take none for the end of a cell."""
    return ";" if decimal_separator() == "," else ","


def format_moment(moment: datetime) -> str:
    """Date and time as the page's language writes them, with the time zone that they are of."""
    local = localtime(moment)
    return f"{date_format(local, 'DATETIME_FORMAT')}\xa0{local.tzname()}"
