"""Amounts as Stripe counts them: minor units, their limits, and how a person reads them.

An `amount` is an int of minor units (cents, or whole yen). The tables are Stripe's own:
https://docs.stripe.com/currencies#zero-decimal, #three-decimal and #minimum-and-maximum-charge-amounts.
py-moneyed and CLDR disagree with them for some currencies (ISK, UGX, MGA), so neither is asked.
"""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal
from moneyed import CURRENCIES

from payments.errors import AmountOutOfLimits

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
            f"The least that can be charged is {shown}. Please choose more, or leave out a discount."
        )
    if amount > most:
        shown = format_amount(most, currency)
        raise AmountOutOfLimits(f"The most that can be charged at once is {shown}. Please choose a smaller quantity.")


@lru_cache(maxsize=4096)
def format_amount(amount: int, currency: str, language: str = "en") -> str:
    """The amount as a visitor of this language reads it, with the currency's code: a bare $ could be any of twenty."""
    locale = babel_locale(language) or Locale("en")
    decimals = price_decimals(currency)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    number = format_decimal(from_minor_units(amount, currency), pattern, locale)
    code_first = locale.currency_formats["standard"].pattern.lstrip("\u200e\u200f").startswith("¤")
    return f"{currency}\xa0{number}" if code_first else f"{number}\xa0{currency}"


def format_percent(percent: Decimal) -> str:
    """Without the zeros that a database adds: 20 %, 8.875 %."""
    return f"{percent.normalize():f}\xa0%"


def has_locale(language: str) -> bool:
    return babel_locale(language) is not None


@lru_cache(maxsize=1024)
def babel_locale(language: str) -> Locale | None:
    """The locale of a language code such as de or de-ch; None where CLDR knows none."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
