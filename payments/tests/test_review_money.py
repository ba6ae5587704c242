"""What a stranger could break: every test here fails as long as its defect is there."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from payments import checkout, intents
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Discount, Item, Order, Payment, Tax
from payments.tests.test_order_composing import change_page, form

SHOP = "http://testserver"
JSON = {"Accept": "application/json"}
Pay = Callable[..., Any]


def order_of(item: Item, visitor: str = "somebody", quantity: int = 1) -> Order:
    return Order.objects.for_item(item, quantity=quantity, visitor=visitor)


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin=SHOP)
    assert payment is not None
    return payment


def offer_here(order: Order) -> dict[str, Any]:
    payment = intents.open_intent(order=order)
    assert payment is not None
    return {"client_secret": payment.client_secret, "publishable_key": payment.publishable_key, "currency": "USD"}


def elsewhere(act: Callable[[], Any]) -> list[Any]:
    """Do it in another thread with a connection of its own, and wait for it."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(act())
        except Exception as error:  # noqa: BLE001
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return found


def taken(currency: str = "USD") -> int:
    """How much money the account has taken, in minor units."""
    listed = client_for(keypair_for(currency)).v1.payment_intents.list({"limit": 100}).data
    return sum(intent.amount_received for intent in listed)


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


@pytest.fixture
def once_only(db: None) -> Discount:
    return Discount.objects.create(name="Once", percent=Decimal(10), code="ONCE", maximum_uses=1)


# --- Charged twice ---------------------------------------------------------------------------------------------------


# --- Staff while the shopper pays ------------------------------------------------------------------------------------


def test_staff_who_changes_a_quantity_does_not_take_away_a_tax_whose_row_was_deleted(
    admin_client: Client, usd_mug: Item
) -> None:
    order = order_of(usd_mug)
    order.put_taxes([Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)])
    Tax.objects.all().delete()
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert Order.objects.get().price.total == 4560


def test_staff_who_changes_a_quantity_does_not_take_away_a_discount_whose_row_was_deleted(
    admin_client: Client, usd_mug: Item
) -> None:
    order = order_of(usd_mug)
    order.give_discount(Discount.objects.create(name="Ten percent off", percent=Decimal(10)))
    Discount.objects.all().delete()
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert Order.objects.get().price.total == 3420


# --- Stock -----------------------------------------------------------------------------------------------------------


# --- Discounts -------------------------------------------------------------------------------------------------------


# --- Stripe answers unexpectedly, and counterparts -------------------------------------------------------------------


# --- What is sent ----------------------------------------------------------------------------------------------------
