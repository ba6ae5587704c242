"""What a demo needs to sell: a few items in every currency, discounts with a code, taxes."""

from decimal import Decimal

from django.core.management import call_command
from djmoney.money import Money

from payments import money
from payments.models import Discount, DiscountAmount, Item, Tax

FEWEST = 3
MOST = 6
# About what a dollar costs: a demo's prices shall look like prices.
RATES = {
    "EUR": "0.9",
    "GBP": "0.8",
    "CHF": "0.9",
    "JPY": "150",
    "KRW": "1350",
    "CNY": "7",
    "INR": "84",
    "AUD": "1.5",
    "CAD": "1.4",
    "SEK": "10.5",
    "NOK": "11",
    "DKK": "6.9",
    "PLN": "4",
    "CZK": "23",
    "HUF": "370",
    "BRL": "5.5",
    "KWD": "0.31",
    "BHD": "0.38",
    "OMR": "0.38",
    "JOD": "0.71",
    "TND": "3.1",
    "MXN": "19",
    "ISK": "138",
}
TAXES = [
    {"display_name": "VAT", "percentage": Decimal(20), "inclusive": True, "currencies": "EUR"},
    {"display_name": "Sales tax", "percentage": Decimal("8.875"), "inclusive": False, "currencies": "USD"},
    {"display_name": "Consumption tax", "percentage": Decimal(10), "inclusive": True, "currencies": "JPY"},
]


def stock_up(currencies: list[str]) -> None:
    """What is there stays as it is."""
    if not Item.objects.exists():
        call_command("demo_catalog", verbosity=0)
    examples = list(Item.objects.order_by("id")[:MOST])
    for currency in currencies:
        if Item.objects.for_sale([currency]).count() < FEWEST:
            for example in examples:
                copy_into(currency, example)
    if not Tax.objects.exists():
        Tax.objects.bulk_create(Tax(**tax, automatic=True) for tax in TAXES if tax["currencies"] in currencies)
    give_discounts(currencies)


def copy_into(currency: str, example: Item) -> None:
    in_dollars = example.price.amount / rate(example.currency)
    item = Item(
        name=example.name,
        description=example.description,
        picture=example.picture,
        price=Money(rounded(in_dollars * rate(currency), currency), currency),
    )
    item.full_clean()
    item.save()


def rate(currency: str) -> Decimal:
    return Decimal(RATES.get(currency, "1"))


def rounded(amount: Decimal, currency: str) -> Decimal:
    least = 2 * money.minimum_amount(currency)
    return money.from_minor_units(max(least, money.to_minor_units(amount, currency)), currency)


def give_discounts(currencies: list[str]) -> None:
    Discount.objects.get_or_create(code="WELCOME10", defaults={"name": "Welcome", "percent": Decimal(10)})
    Discount.objects.get_or_create(code="GIFT", defaults={"name": "Gift", "percent": Decimal(100)})
    thanks, is_new = Discount.objects.get_or_create(code="THANKYOU", defaults={"name": "Thank you"})
    if is_new:
        DiscountAmount.objects.bulk_create(
            DiscountAmount(discount=thanks, off=Money(rounded(4 * rate(currency), currency), currency))
            for currency in currencies
        )
