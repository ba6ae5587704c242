"""Amounts as Stripe counts them."""

from decimal import Decimal

import pytest

from payments import money
from payments.errors import AmountOutOfLimits


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [
        ("19.00", "USD", 1900),
        ("0.50", "EUR", 50),
        ("2800", "JPY", 2800),
        ("12.34", "BHD", 12340),
        ("500", "ISK", 50000),
        ("7", "UGX", 700),
        ("9", "MGA", 9),
        ("1.005", "USD", 101),
        ("1.004", "USD", 100),
        ("10.5", "JPY", 11),
    ],
)
def test_a_price_becomes_the_minor_units_of_stripes_table(value: str, currency: str, amount: int) -> None:
    assert money.to_minor_units(Decimal(value), currency) == amount


@pytest.mark.parametrize(("amount", "currency"), [(1900, "USD"), (2800, "JPY"), (12340, "BHD"), (50000, "ISK")])
def test_minor_units_and_back_is_the_same_amount(amount: int, currency: str) -> None:
    assert money.to_minor_units(money.from_minor_units(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("currency", "least", "most"),
    [
        ("USD", 50, 99_999_999),
        ("GBP", 30, 99_999_999),
        ("JPY", 50, 99_999_999),
        ("HUF", 17500, 99_999_999),
        ("INR", 50, 999_999_999),
        ("IDR", 1, 999_999_999_999),
        ("BHD", 10, 99_999_990),
        ("ISK", 100, 99_999_900),
    ],
)
def test_an_amount_is_chargeable_within_stripes_limits_only(currency: str, least: int, most: int) -> None:
    money.require_chargeable(least, currency)
    money.require_chargeable(most, currency)
    for amount in (least - 1, most + 1):
        with pytest.raises(AmountOutOfLimits, match=currency):
            money.require_chargeable(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (123450, "USD", "en", "USD 1,234.50"),
        (123450, "USD", "de", "1.234,50 USD"),
        (123450, "EUR", "ru", "1 234,50 EUR"),
        (123450, "CHF", "de-ch", "CHF 1’234.50"),
        (123456750, "USD", "en-in", "USD 12,34,567.50"),
        (123450, "USD", "ar", "1,234.50 USD"),
        (123456750, "USD", "hi", "USD 12,34,567.50"),
        (2800, "JPY", "en", "JPY 2,800"),
        (50000, "ISK", "en", "ISK 500"),
        (12340, "BHD", "en", "BHD 12.34"),
        (1900, "USD", "xx-such", "USD 19.00"),
    ],
)
def test_an_amount_is_written_as_the_visitor_reads_it_and_names_its_currency(
    amount: int, currency: str, language: str, text: str
) -> None:
    assert money.format_amount(amount, currency, language).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("percent", "language", "text"),
    [
        ("8.8750", "en", "8.875%"),
        ("8.8750", "de", "8,875 %"),
        ("8.8750", "ru", "8,875 %"),
        ("8.8750", "de-ch", "8.875%"),
        ("20.00", "de", "20 %"),
        ("100", "en", "100%"),
        ("0.0001", "ru", "0,0001 %"),
        ("0", "en", "0%"),
        ("20", "xx-such", "20%"),
    ],
)
def test_a_percentage_is_written_as_the_visitor_reads_it(percent: str, language: str, text: str) -> None:
    assert money.format_percent(Decimal(percent), language).replace("\xa0", " ") == text


def test_only_currencies_of_iso_4217_are_known() -> None:
    assert [code for code in ("USD", "JPY", "EURO", "usd", "XXX", "ZZZ", "") if money.is_currency(code)] == [
        "USD",
        "JPY",
    ]
