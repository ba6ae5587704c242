"""A discount is given no more often than it may be, though many want it at once; who only looks uses up none."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from payments import checkout, intents
from payments.errors import StorefrontError
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Discount, Item, Order, Payment
from payments.tests.stripe_server import StripeServer

Pay = Callable[..., Any]


@pytest.fixture
def once_only(db: None) -> Discount:
    return Discount.objects.create(name="Once", percent=Decimal(10), code="ONCE", maximum_uses=1)


def order_of(item: Item, visitor: str) -> Order:
    return Order.objects.for_item(item, quantity=1, visitor=visitor)


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment is not None
    return payment


@pytest.mark.django_db(transaction=True)
def test_two_who_pay_at_once_do_not_both_get_a_discount_for_one_use(
    usd_mug: Item, once_only: Discount, stripe_server: StripeServer, pay: Pay
) -> None:
    first, second = order_of(usd_mug, "first"), order_of(usd_mug, "second")
    for order in (first, second):
        order.give_discount(once_only)
    pages: list[str] = []

    def the_other() -> None:
        with suppress(StorefrontError):
            pages.append(offer(second).url)

    stripe_server.meanwhile = the_other
    pages.append(offer(first).url)
    for url in pages:
        Client().get(pay(url)["Location"])
    assert Order.objects.filter(status="paid", discount=once_only).count() == 1


def test_a_payment_that_was_never_made_does_not_use_up_a_discount_for_ever(usd_mug: Item, once_only: Discount) -> None:
    order = order_of(usd_mug, "looked and left")
    order.give_discount(once_only)
    intents.open_intent(order=order)
    long_ago = timezone.now() - timedelta(days=90)
    Payment.objects.update(created=long_ago, changed=long_ago, checked_at=long_ago)
    other = order_of(usd_mug, "wants to pay")
    other.give_discount(once_only)
    offer(other)


def test_a_session_that_expired_without_a_webhook_does_not_use_up_a_discount_for_ever(
    usd_mug: Item, once_only: Discount
) -> None:
    order = order_of(usd_mug, "looked and left")
    order.give_discount(once_only)
    page = offer(order)
    api.expire_checkout_session(keypair_for("USD"), page.checkout_session_id)
    long_ago = timezone.now() - timedelta(days=90)
    Payment.objects.update(created=long_ago, changed=long_ago, checked_at=long_ago)
    other = order_of(usd_mug, "wants to pay")
    other.give_discount(once_only)
    offer(other)


def test_a_discount_that_was_deleted_is_not_given_any_more(client: Client, usd_mug: Item, once_only: Discount) -> None:
    orders = [order_of(usd_mug, str(number)) for number in range(3)]
    for order in orders:
        order.give_discount(once_only)
    once_only.delete()
    opened = 0
    for order in orders:
        with suppress(StorefrontError):
            opened += bool(offer(Order.objects.get(pk=order.pk)))
    assert opened <= 1


def test_a_code_that_somebody_else_did_not_use_in_time_is_taken_in_the_cart(
    client: Client, usd_mug: Item, once_only: Discount
) -> None:
    order = order_of(usd_mug, "looked and left")
    order.give_discount(once_only)
    offer(order)
    client.post(f"/cart/add/{usd_mug.pk}", {"quantity": "1"})
    client.post("/cart/code", {"code": "once"})
    assert "has been used as often" in client.get("/cart").content.decode()
    Payment.objects.update(created=timezone.now() - timedelta(hours=1), checked_at=None)
    client.post("/cart/code", {"code": "once"})
    assert "USD\xa01.90" in client.get("/cart").content.decode()
