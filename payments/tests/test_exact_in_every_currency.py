"""Cart, order, session, intent and Stripe's page say the same, in currencies with 0, 2 and 3 decimals."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from djmoney.money import Money

from payments import checkout, intents
from payments.gateway import api
from payments.gateway.keys import keypair_for, read_keypairs
from payments.models import Discount, Item, NewOrder, Order, Tax
from payments.money import format_amount
from payments.tests.shop_process import sandbox_keypair

# Prices in major units, what a fixed discount takes off, and the totals in Stripe's minor units with 12.5 % and with
# that amount off: 3 x the first and 7 x the second, 8.875 % tax included and 20 % on top.
CASES = {
    "USD": ("19.99", "3.33", "10.01", 8626, 8673),
    "JPY": ("1999", "333", "1001", 8626, 8673),
    "BHD": ("19.99", "3.33", "10.01", 86260, 86730),
    "KWD": ("0.57", "1.01", "0.33", 9110, 10000),
    "ISK": ("1999", "333", "1001", 862600, 867300),
    "UGX": ("5777", "12345", "9999", 10745400, 11096800),
}


@pytest.fixture(autouse=True)
def keypairs(settings: Any) -> None:
    variables: dict[str, str] = {}
    for currency in CASES:
        variables |= sandbox_keypair(currency)
    settings.STRIPE_KEYPAIRS = read_keypairs(variables)


def order_in(currency: str, discount: Discount) -> Order:
    first, second, _, _, _ = CASES[currency]
    mug = Item.objects.create(name="Mug", price=Money(Decimal(first), currency))
    pot = Item.objects.create(name="Pot", price=Money(Decimal(second), currency))
    included = Tax.objects.create(display_name="City", percentage=Decimal("8.875"), inclusive=True)
    on_top = Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)
    offer = NewOrder(currency, ((mug, 3), (pot, 7)), (on_top, included), discount)
    (order,) = Order.objects.for_purchase([offer], purchase_key="a purchase")
    return order


def percent_off(currency: str) -> Discount:
    return Discount.objects.create(name="An eighth off", percent=Decimal("12.5"))


def amount_off(currency: str) -> Discount:
    discount = Discount.objects.create(name="Some off")
    discount.amounts.create(off=Money(Decimal(CASES[currency][2]), currency))
    return discount


@pytest.mark.django_db
@pytest.mark.parametrize(("make_discount", "total_at"), [(percent_off, 3), (amount_off, 4)], ids=["percent", "amount"])
@pytest.mark.parametrize("currency", CASES)
def test_every_screen_and_stripe_come_to_the_same(
    client: Client, currency: str, make_discount: Any, total_at: int
) -> None:
    order = order_in(currency, make_discount(currency))
    keypair, total = keypair_for(currency), CASES[currency][total_at]
    by_session = checkout.open_session(order=order, origin="http://testserver")
    assert by_session is not None
    session = api.retrieve_checkout_session(keypair, by_session.checkout_session_id)
    for page in (urlsplit(by_session.url).path, f"/order/{order.uuid}", f"/order/{order.uuid}/pay"):
        assert format_amount(int(total), currency) in client.get(page).content.decode()
    by_intent = intents.open_intent(order=order)
    assert by_intent is not None
    intent = api.retrieve_payment_intent(keypair, by_intent.payment_intent_id)
    shown = client.get(f"/order/{order.uuid}", headers={"Accept": "application/json"}).json()
    assert session.amount == intent.amount == shown["amount"] == order.price.total == total
