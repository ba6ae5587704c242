"""An item has one price in one currency, and neither a form nor the database takes a wrong one."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from djmoney.money import Money

from payments.models import Item


def item(price: str, currency: str, **values: object) -> Item:
    return Item(name="Mug", price=Money(Decimal(price), currency), **values)


def test_the_currency_is_a_column_of_the_item(usd_mug: Item, jpy_mug: Item) -> None:
    assert [found.name for found in Item.objects.filter(currency="JPY")] == [jpy_mug.name]
    assert (usd_mug.currency, usd_mug.unit_amount) == ("USD", 1900)
    assert (jpy_mug.currency, jpy_mug.unit_amount) == ("JPY", 2800)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("price", "currency", "message"),
    [
        ("0.49", "USD", "at least USD\xa00.50"),
        ("0.29", "GBP", "at least GBP\xa00.30"),
        ("49", "JPY", "at least JPY\xa050"),
        ("1000000.00", "USD", "at most USD\xa0999,999.99"),
        ("10.50", "JPY", "A price in JPY has no decimals: write 10"),
        ("500.50", "ISK", "A price in ISK has no decimals"),
        ("5.00", "XXX", "XXX is not a currency"),
    ],
)
def test_a_price_that_stripe_would_refuse_is_explained_to_the_shop_owner(
    price: str, currency: str, message: str
) -> None:
    wrong = item("1", "USD")
    wrong.price, wrong.currency = Decimal(price), currency
    with pytest.raises(ValidationError) as refusal:
        wrong.full_clean()
    assert message in refusal.value.message_dict["price"][0]


@pytest.mark.django_db
@pytest.mark.parametrize(("price", "currency"), [("0.50", "USD"), ("999999.99", "EUR"), ("50", "JPY"), ("0.01", "BHD")])
def test_a_price_within_the_limits_is_kept_as_it_is(price: str, currency: str) -> None:
    good = item(price, currency)
    good.full_clean()
    good.save()
    assert Item.objects.get().price == Money(Decimal(price), currency)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"price": Decimal("-1")},
        {"price": Decimal(0)},
        {"currency": "JPY", "price": Decimal("10.50")},
        {"currency": "us"},
        {"currency": "usd"},
        {"currency": ""},
        {"name": ""},
    ],
)
def test_the_database_itself_refuses_what_a_form_would(usd_mug: Item, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=usd_mug.pk).update(**values)


@pytest.mark.parametrize(
    ("picture", "address"),
    [
        ("", ""),
        ("pictures/stoneware-mug.svg", "/static/pictures/stoneware-mug.svg"),
        ("https://cdn.example/mug.png", "https://cdn.example/mug.png"),
    ],
)
def test_a_picture_is_a_static_file_or_an_address(picture: str, address: str) -> None:
    assert item("5", "USD", picture=picture).picture_url == address
