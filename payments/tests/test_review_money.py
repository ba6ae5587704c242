"""What a stranger could break: every test here fails as long as its defect is there."""

import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from payments import checkout, counterparts, fulfillment, intents
from payments.errors import StorefrontError
from payments.gateway import api
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Counterpart, Discount, Item, Order, Payment, Tax
from payments.tests.stripe_server import StripeServer
from payments.tests.test_order_composing import change_page, form
from payments.tests.test_settling import at_once

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


def test_a_tax_rate_that_stripe_failed_to_make_once_is_asked_for_with_another_key(
    client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    """Stripe replays the first answer to a key for a day, a 500 included."""
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, automatic=True)
    failed: set[str] = set()
    original = stripe_server.answer

    def as_stripe_does(request: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        if request.path.endswith("/tax_rates") and (not failed or key in failed):
            failed.add(key)
            return 500, '{"error": {"type": "api_error", "message": "down"}}'
        return original(request)

    stripe_server.answer = as_stripe_does  # type: ignore[method-assign]
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 503
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200


def test_a_deleted_coupon_does_not_make_the_tax_rates_anew(usd_mug: Item) -> None:
    order = order_of(usd_mug)
    order.give_discount(Discount.objects.create(name="Ten percent off", percent=Decimal(10)))
    order.put_taxes([Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)])
    page = offer(order)
    api.delete_coupon(keypair_for("USD"), Counterpart.objects.get(kind="coupon").stripe_id)
    api.expire_checkout_session(keypair_for("USD"), page.checkout_session_id)
    fulfillment.settle(Payment.objects.get())
    offer(Order.objects.get())
    rates = client_for(keypair_for("USD")).v1.tax_rates.list({"limit": 100, "active": True}).data
    assert len(rates) == 1


def test_one_leftover_that_cannot_be_retired_does_not_keep_the_others(usd_mug: Item) -> None:
    Counterpart.objects.create(
        kind="coupon", account="pk_live_gone", currency="GBP", content="0" * 64, stripe_id="shop-of-an-account-we-left"
    )
    order = order_of(usd_mug)
    discount = Discount.objects.create(name="Ten percent off", percent=Decimal(10))
    order.give_discount(discount)
    offer(order)
    discount.delete()
    counterparts.retire_leftovers()
    assert client_for(keypair_for("USD")).v1.coupons.list({"limit": 10}).data == []


@pytest.mark.django_db(transaction=True)
def test_a_tax_rate_that_somebody_archived_is_made_anew_once_however_many_buy(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, automatic=True)
    offer(order_of(usd_mug))
    api.archive_tax_rate(keypair_for("USD"), Counterpart.objects.get().stripe_id)
    orders = iter([order_of(usd_mug, str(number)) for number in range(12)])
    lock = threading.Lock()

    def buy() -> None:
        with lock:
            order = next(orders)
        offer(order)

    failures = at_once(12, buy)
    rates = client_for(keypair_for("USD")).v1.tax_rates.list({"limit": 100, "active": True}).data
    assert (failures, len(rates)) == ([], 1)


def test_an_order_with_more_taxes_than_stripe_takes_is_refused_in_words_before_stripe_is_asked(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    order.put_taxes(
        [
            Tax.objects.create(display_name=f"Tax {number}", percentage=Decimal(number), inclusive=False)
            for number in range(11)
        ]
    )
    for _ in range(3):
        with suppress(StorefrontError):
            offer(Order.objects.get())
    made = [sent for sent in stripe_server.requests if sent.path.endswith("/tax_rates") and sent.method == "POST"]
    assert len(made) <= 11


# --- What is sent ----------------------------------------------------------------------------------------------------
