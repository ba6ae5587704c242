"""Amounts as Stripe counts them: minor units, their limits, and how a person reads them.

An `amount` is an int of minor units (cents, or whole yen). The tables are Stripe's own:
https://docs.stripe.com/currencies#zero-decimal, #three-decimal and #minimum-and-maximum-charge-amounts.
py-moneyed and CLDR disagree with them for some currencies (ISK, UGX, MGA), so neither is asked.
"""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal
from babel.numbers import format_percent as babel_percent
from django.utils.translation import gettext as _
from moneyed import CURRENCIES

from payments.errors import AmountOutOfLimits
from payments.languages import babel_locale, language_of_numbers

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
# Sent to Stripe with two decimals that must be 00.
ZERO_DECIMAL_SENT_AS_TWO = frozenset("ISK UGX".split())
# Sent to Stripe with three decimals, of which the last must be 0.
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())

MINIMUM_CHARGE = {
    **dict.fromkeys("USD AUD BRL CAD CHF EUR INR NZD SGD".split(), Decimal("0.50")),
    **dict.fromkeys("AED MYR PLN RON".split(), Decimal(2)),
    **dict.fromkeys("NOK SEK".split(), Decimal(3)),
    **dict.fromkeys("MXN THB".split(), Decimal(10)),
    "GBP": Decimal("0.30"),
    "BGN": Decimal(1),
    "DKK": Decimal("2.50"),
    "HKD": Decimal(4),
    "CZK": Decimal(15),
    "JPY": Decimal(50),
    "HUF": Decimal(175),
}
MAXIMUM_DIGITS = {"INR": 9, "IDR": 12}
USUAL_MAXIMUM_DIGITS = 8

NO_CURRENCIES = frozenset({"XXX", "XTS"})


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code as a currency."""
    return code in CURRENCIES and code not in NO_CURRENCIES


def price_decimals(currency: str) -> int:
    """How many decimals a price in this currency may have."""
    return 0 if currency in ZERO_DECIMAL | ZERO_DECIMAL_SENT_AS_TWO else 2


def minor_unit_decimals(currency: str) -> int:
    """How many decimals Stripe's minor units stand for."""
    if currency in THREE_DECIMAL:
        return 3
    return 0 if currency in ZERO_DECIMAL else 2


def step(currency: str) -> int:
    """The smallest amount of a price in minor units: 1, or 10 or 100 where Stripe wants zeros at the end."""
    return int(Decimal(1).scaleb(minor_unit_decimals(currency) - price_decimals(currency)))


def to_minor_units(value: Decimal, currency: str) -> int:
    """The Decimal of major units as Stripe's int, rounded half up to what a price can have."""
    rounded = value.quantize(Decimal(1).scaleb(-price_decimals(currency)), ROUND_HALF_UP)
    return int(rounded.scaleb(minor_unit_decimals(currency)))


def from_minor_units(amount: int, currency: str) -> Decimal:
    """Stripe's int as a Decimal of major units, with as many decimals as a price has."""
    value = Decimal(amount).scaleb(-minor_unit_decimals(currency))
    return value.quantize(Decimal(1).scaleb(-price_decimals(currency)), ROUND_HALF_UP)


def minimum_amount(currency: str) -> int:
    """The least that Stripe charges in this currency; one unit of a price where it publishes none."""
    least = MINIMUM_CHARGE.get(currency)
    return to_minor_units(least, currency) if least else step(currency)


def maximum_amount(currency: str) -> int:
    """The most that Stripe charges at once in this currency, in steps that a price can have."""
    digits = MAXIMUM_DIGITS.get(currency, USUAL_MAXIMUM_DIGITS)
    return int("9" * digits) // step(currency) * step(currency)


def require_chargeable(amount: int, currency: str) -> None:
    """Raise AmountOutOfLimits if Stripe would refuse a charge of this amount."""
    least, most = minimum_amount(currency), maximum_amount(currency)
    if amount < least:
        shown = format_amount(least, currency)
        raise AmountOutOfLimits(
            _("The least that can be charged is %(amount)s. Please choose more, or leave out a discount.")
            % {"amount": shown}
        )
    if amount > most:
        shown = format_amount(most, currency)
        raise AmountOutOfLimits(
            _("The most that can be charged at once is %(amount)s. Please choose a smaller quantity.")
            % {"amount": shown}
        )


def format_amount(amount: int, currency: str, language: str = "") -> str:
    """The amount as a reader of this language writes it, with the currency's code: a bare $ could be any of twenty.

    Without a language it is that of the page, in the visitor's own variant of it.
    """
    return written_amount(amount, currency, language or language_of_numbers())


@lru_cache(maxsize=4096)
def written_amount(amount: int, currency: str, language: str) -> str:
    locale = babel_locale(language) or Locale("en")
    number = format_decimal(from_minor_units(amount, currency), pattern_of(locale, price_decimals(currency)), locale)
    number = number.replace("-", "−")
    code_first = locale.currency_formats["standard"].pattern.lstrip("\u200e\u200f").startswith("¤")
    return f"{currency}\xa0{number}" if code_first else f"{number}\xa0{currency}"


def pattern_of(locale: Locale, decimals: int) -> str:
    """With so many decimals, and digits in groups as CLDR has them: by thousands, or as 12,34,567 in India."""
    whole: str = locale.decimal_formats[None].pattern.partition(";")[0].partition(".")[0]
    return f"{whole}.{'0' * decimals}" if decimals else whole


def format_percent(percent: Decimal, language: str = "") -> str:
    """As a reader of this language writes it, without the zeros that a database adds: 20%, 8,875 %."""
    return written_percent(percent.normalize(), language or language_of_numbers())


@lru_cache(maxsize=1024)
def written_percent(percent: Decimal, language: str) -> str:
    locale = babel_locale(language) or Locale("en")
    written: str = babel_percent(percent / 100, locale=locale, decimal_quantization=False)
    return written


def plain_percent(percent: Decimal) -> str:
    """The same to everybody, such as 8.875: for Stripe, for programs and for what is compared."""
    return f"{percent.normalize():f}"
