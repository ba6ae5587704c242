"""What a person writes into a cell of a spreadsheet, and what the shop makes of it.

A cell of a CSV file is text as people write it in their language; one of an XLSX file may be a number, a date, or a yes
or no. A price is never guessed: what could be two prices is refused.
"""

import re
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.defaultfilters import truncatechars, yesno
from django.utils.translation import gettext as _
from django.utils.translation import override
from import_export.widgets import Widget

from payments.languages import decimal_separator

GREATEST_PRICE = Decimal(10) ** 12
GREATEST_ID = 2**63 - 1
WHOLE = re.compile(r"[0-9]{1,19}")
PLAIN_PRICE = re.compile(r"(?P<whole>-?[0-9]{1,13})(?:[.,](?P<decimals>[0-9]{1,13}))?")
GROUPED_PRICE = re.compile(
    r"(?P<whole>-?[0-9]{1,3}(?:(?P<mark>[.,'’\s])[0-9]{3})(?:(?P=mark)[0-9]{3}){0,3})(?:[.,](?P<decimals>[0-9]{1,13}))?"
)
# A spreadsheet would compute what begins so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# XML has no place for these.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class TextCell(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if isinstance(value, date | time):
            raise ValueError(_("The spreadsheet made a date of this: format the cell as text, and write it again."))
        text = lines(without_decimals(value)).strip()
        if "\0" in text:
            raise ValueError(_("There is a character in this text that cannot be kept: write it again."))
        return text[1:] if is_escaped(text) else text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", value or "")
        return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


class NumberCell(Widget):
    """A whole number, or None for an empty cell."""

    def __init__(self, greatest: int) -> None:
        self.greatest = greatest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        text = without_decimals(value).strip()
        if not text:
            return None
        if not WHOLE.fullmatch(text) or int(text) > self.greatest:
            raise ValueError(_("%(value)s is not a whole number, such as 12.") % {"value": quoted(value)})
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> int | str:
        return "" if value is None else int(value)


class YesOrNoCell(Widget):
    """None for an empty cell."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | None:
        text = without_decimals(value).strip().casefold()
        if not text:
            return None
        known = words(tuple(dict(settings.LANGUAGES)))
        if text not in known:
            yes_and_no = {"yes": yesno(True), "no": yesno(False), "value": quoted(value)}
            raise ValueError(_("%(value)s is neither yes nor no: write %(yes)s or %(no)s.") % yes_and_no)
        return known[text]

    def render(self, value: Any, obj: Any = None, *, as_text: bool = False, **kwargs: Any) -> Any:
        return yesno(value) if as_text else bool(value)


@lru_cache(maxsize=4)
def words(languages: tuple[str, ...]) -> dict[str, bool]:
    """As the languages of the shop say it, and their spreadsheets: a colleague may have written the file."""
    known = {"true": True, "false": False, "1": True, "0": False}
    known |= {"wahr": True, "falsch": False, "истина": True, "ложь": False}
    for language in {"en", *languages}:
        with override(language):
            known |= {str(yesno(True)).casefold(): True, str(yesno(False)).casefold(): False}
    return known


class PriceCell(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal:
        price = price_of(value)
        if abs(price) >= GREATEST_PRICE:
            raise ValueError(_("%(value)s is too high for a price.") % {"value": quoted(value)})
        return price

    def render(self, value: Any, obj: Any = None, *, as_text: bool = False, **kwargs: Any) -> Any:
        return str(value).replace(".", decimal_separator()) if as_text else value


def price_of(value: Any) -> Decimal:
    if isinstance(value, date | time):
        text = _("The spreadsheet made a date of this price: format the cell as a number, and write it again.")
        raise ValueError(text)
    if isinstance(value, bool):
        raise ValueError(not_a_price(value))
    if isinstance(value, int | float):
        # A spreadsheet keeps 15 digits: with them, 19.1 is what was typed, and 19 * 1.05 what is shown.
        return Decimal(f"{value:.15g}")
    text = str(value if value is not None else "").strip()
    if not text:
        raise ValueError(_("Write a price."))
    return price_in(text)


def price_in(text: str) -> Decimal:
    """19.00 and 19,00; 1,234.50 and 1.234,50 and 1 234,50; but 1.234 is one price in London, and another in Berlin."""
    plain, grouped = PLAIN_PRICE.fullmatch(text), GROUPED_PRICE.fullmatch(text)
    if plain and grouped and not text.lstrip("-").startswith("0"):
        as_in = {"value": quoted(text), "price": re.sub(r"[.,]", "", text)}
        raise ValueError(
            _("%(value)s could be two prices: write it without a mark for thousands, such as %(price)s.") % as_in
        )
    found = plain or grouped
    # The mark of thousands is not the one of decimals.
    if not found or (not plain and found["decimals"] and text[found.end("whole")] == found["mark"]):
        raise ValueError(not_a_price(text))
    return Decimal(re.sub(r"[^0-9-]", "", found["whole"]) + "." + (found["decimals"] or "0"))


def not_a_price(value: Any) -> str:
    return _("%(value)s is not a price: write a number alone, such as 19.00.") % {"value": quoted(value)}


def quoted(value: Any) -> str:
    return _("“%(value)s”") % {"value": truncatechars(str(value), 40)}


def without_decimals(value: Any) -> str:
    """The text of a cell; XLSX says 12.0 where 12 was typed."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def lines(text: str) -> str:
    """Browsers and spreadsheets end lines differently."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_escaped(text: str) -> bool:
    return text.startswith("'") and text.lstrip("'").startswith(FORMULA)
