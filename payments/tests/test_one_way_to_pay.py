"""An order is paid once, by one of two ways, whatever is open in other tabs and wherever a process ended."""

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
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Discount, Item, Order, Payment
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_paying_here import intent_id, pay_here

Pay = Callable[..., Any]


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


def order_of(item: Item) -> Order:
    return Order.objects.for_item(item, quantity=1, visitor="somebody")


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment is not None
    return payment


def offer_here(order: Order) -> dict[str, Any]:
    payment = intents.open_intent(order=order)
    assert payment is not None
    return {"client_secret": payment.client_secret, "publishable_key": payment.publishable_key, "currency": "USD"}


def taken() -> int:
    """How much money the account has taken, in minor units."""
    listed = client_for(keypair_for("USD")).v1.payment_intents.list({"limit": 100}).data
    return sum(intent.amount_received for intent in listed)


def test_while_a_bank_is_at_work_on_an_intent_the_hosted_page_takes_no_second_payment(
    client: Client, usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]]
) -> None:
    order = order_of(usd_mug)
    page, here = offer(order), offer_here(order)
    pay_here(here, bank="slow", webhook="lose")
    client.get(f"/order/{order.uuid}/success", {"payment_intent": intent_id(here)})
    assert Order.objects.get().status == "processing"
    session = api.retrieve_checkout_session(keypair_for("USD"), page.checkout_session_id)
    assert session.status == "expired"


def test_paid_here_with_the_webhook_late_the_hosted_page_in_another_tab_takes_no_second_payment(
    client: Client, usd_mug: Item, pay: Pay
) -> None:
    order = order_of(usd_mug)
    page, here = offer(order), offer_here(order)
    pay_here(here, webhook="lose")
    pay(page.url)
    assert taken() == 1900


def test_a_page_that_cannot_be_closed_is_not_followed_by_a_second_one_that_can_be_paid_too(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    first = offer(order)
    order.lines.update(quantity=2)
    Payment.objects.update(checked_at=timezone.now())
    stripe_server.answers = [Answer(403, '{"error": {"type": "invalid_request_error", "message": "no permission"}}')]
    with suppress(StorefrontError):
        offer(Order.objects.get())
    open_at_stripe = [
        session.id
        for session in client_for(keypair_for("USD")).v1.checkout.sessions.list({"limit": 10}).data
        if session.status == "open"
    ]
    assert open_at_stripe == [first.checkout_session_id]


def test_an_order_that_became_free_has_no_page_left_that_takes_money(client: Client, usd_mug: Item) -> None:
    order = order_of(usd_mug)
    page = offer(order)
    order.give_discount(Discount.objects.create(name="All of it", percent=Decimal(100)))
    client.post(f"/order/{order.uuid}/checkout")
    assert Order.objects.get().is_paid
    session = api.retrieve_checkout_session(keypair_for("USD"), page.checkout_session_id)
    assert session.status == "expired"


def test_an_intent_whose_new_amount_was_never_noted_pays_the_order(client: Client, usd_mug: Item) -> None:
    """The process ended between Stripe's answer to the new amount and the note of it."""
    order = order_of(usd_mug)
    here = offer_here(order)
    order.lines.update(quantity=2)
    api.update_payment_intent(keypair_for("USD"), intent_id(here), amount=3800)
    pay_here(here)
    client.get(f"/order/{order.uuid}/success", {"payment_intent": intent_id(here)})
    assert Order.objects.get().is_paid


def test_intents_that_stripe_cancels_at_once_are_not_made_without_end(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    stripe_server.intent_changes = {"status": "canceled"}
    client.raise_request_exception = False
    answer = client.post(f"/order/{order.uuid}/intent")
    assert (answer.status_code in (502, 503), Payment.objects.count() < 5) == (True, True)


def test_a_request_that_ended_half_way_is_gone_on_with_by_the_next_click(
    client: Client, five_mugs: Item, stripe_server: StripeServer
) -> None:
    """The page of a held item must be open for 30 minutes at least, or Stripe refuses it."""
    order = order_of(five_mugs)
    keypair = keypair_for("USD")
    Payment.objects.begin(
        order, publishable_key=keypair.publishable_key, livemode=False, method=Payment.Method.CHECKOUT
    )
    Payment.objects.update(created=timezone.now() - timedelta(minutes=10))
    response = client.post(f"/order/{order.uuid}/checkout")
    sent = next(sent for sent in stripe_server.requests if sent.path.endswith("/sessions"))
    assert int(sent.params["expires_at"]) - timezone.now().timestamp() > 30 * 60
    assert response.status_code == 303
