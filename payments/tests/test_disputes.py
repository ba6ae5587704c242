"""A cardholder contests a payment at the bank: the shop knows at once, and what it means for the order."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments import disputes, money_back, refunds
from payments.errors import RefundRefused
from payments.gateway.objects import Dispute as StripeDispute
from payments.models import Dispute, Item, Order, Payment, Refund, StripeEvent
from payments.tests.conftest import post_signed
from payments.tests.sandbox_client import stripe_of
from payments.tests.stripe_server import StripeServer

DISPUTED, INQUIRED = "4000 0000 0000 0259", "4000 0000 0000 1976"
Pay = Callable[..., Any]
Carry = Callable[[], list[int]]


@pytest.fixture
def contested(client: Client, usd_mug: Item, pay: Pay) -> Callable[..., Payment]:
    """Buys the mug for 19 dollars with a card whose payments are disputed."""

    def buy(number: str = DISPUTED, webhook: str = "deliver") -> Payment:
        pay(client.get(f"/buy/{usd_mug.pk}").json()["url"], number, webhook)
        return Payment.objects.get()

    return buy


@pytest.fixture
def decide(admin_client: Client) -> Callable[[str], Any]:
    """Press a button of the page that stands in for the dashboard."""

    def press(button: str) -> Any:
        payment = Payment.objects.get()
        (dispute,) = stripe_of("USD").v1.disputes.list({"payment_intent": payment.payment_intent_id}).data
        address = f"/sandbox/payments/{payment.payment_intent_id}"
        return admin_client.post(address, {"act": button, "dispute": dispute.id})

    return press


def order() -> Order:
    return Order.objects.get()


def test_a_dispute_shows_what_for_how_much_and_until_when(
    contested: Callable[..., Payment], carry_webhooks: Carry
) -> None:
    payment = contested()
    assert set(carry_webhooks()) == {200}
    dispute = Dispute.objects.get()
    assert dispute.payment == payment
    assert (dispute.amount, dispute.currency, dispute.reason) == (1900, "USD", "fraudulent")
    assert (dispute.status, dispute.is_charge_refundable, dispute.is_open) == ("needs_response", False, True)
    assert dispute.evidence_due_by
    assert timedelta(days=8) < dispute.evidence_due_by - timezone.now() < timedelta(days=10)
    assert (order().status, order().dispute) == ("paid", "open")


def test_it_is_known_though_its_event_comes_before_that_of_the_payment(
    contested: Callable[..., Payment], client: Client
) -> None:
    payment = contested(webhook="lose")
    assert (payment.status, payment.payment_intent_id) == ("open", "")
    events = stripe_of("USD").v1.events.list({"type": "charge.dispute.created"}).data
    assert post_signed(client, json.dumps(events[0].to_dict()), "whsec_sandbox_usd").status_code == 200
    assert (order().status, order().dispute) == ("paid", "open")


def test_a_dispute_that_is_won_is_over(
    contested: Callable[..., Payment], decide: Callable[[str], Any], carry_webhooks: Carry, django_user_model: Any
) -> None:
    payment = contested()
    carry_webhooks()
    decide("answer")
    carry_webhooks()
    assert (Dispute.objects.get().status, order().dispute) == ("under_review", "open")
    decide("win")
    carry_webhooks()
    assert (Dispute.objects.get().status, order().dispute) == ("won", "won")
    clerk = django_user_model.objects.create_user("clerk")
    payment.refresh_from_db()
    assert refunds.refund(payment=payment, amount=1900, reason="duplicate", note="", by=clerk).status == "succeeded"


def test_nothing_is_refunded_beside_a_dispute(
    contested: Callable[..., Payment], decide: Callable[[str], Any], carry_webhooks: Carry, admin_user: User
) -> None:
    payment = contested()
    carry_webhooks()
    payment.refresh_from_db()
    for _ in range(2):
        with pytest.raises(RefundRefused, match="taken this payment back"):
            refunds.refund(payment=payment, amount=1900, reason="fraudulent", note="", by=admin_user)
        decide("lose")
        carry_webhooks()
    assert (Dispute.objects.get().status, order().dispute) == ("lost", "lost")


def test_a_refund_that_stripe_refuses_for_a_dispute_tells_us_of_it(
    contested: Callable[..., Payment], client: Client, admin_user: User
) -> None:
    payment = contested(webhook="lose")
    client.get(f"/order/{payment.order.uuid}")
    payment.refresh_from_db()
    refund = refunds.refund(payment=payment, amount=1900, reason="fraudulent", note="", by=admin_user)
    assert (refund.status, Refund.objects.get().problem) == (
        "failed",
        "The bank has taken this payment back on the cardholder's dispute.",
    )
    assert order().dispute == "open"


def test_while_a_bank_only_inquires_the_payment_can_be_refunded(
    contested: Callable[..., Payment], decide: Callable[[str], Any], carry_webhooks: Carry, admin_user: User
) -> None:
    payment = contested(INQUIRED)
    carry_webhooks()
    payment.refresh_from_db()
    assert order().dispute == "open"
    refund = refunds.refund(payment=payment, amount=500, reason="requested_by_customer", note="", by=admin_user)
    assert refund.status == "succeeded"
    decide("win")
    carry_webhooks()
    assert (Dispute.objects.get().status, order().dispute) == ("warning_closed", "won")


def test_with_all_webhooks_lost_a_reconciliation_finds_disputes_and_their_end(
    contested: Callable[..., Payment], decide: Callable[[str], Any], client: Client
) -> None:
    payment = contested(webhook="lose")
    client.get(f"/order/{payment.order.uuid}")
    assert money_back.reconcile_open() == [Dispute.objects.get()]
    assert order().dispute == "open"
    decide("lose")
    assert money_back.reconcile_open() == [Dispute.objects.get()]
    assert (order().dispute, money_back.reconcile_open()) == ("lost", [])


def test_an_answer_to_an_earlier_question_is_not_news(contested: Callable[..., Payment], carry_webhooks: Carry) -> None:
    payment = contested()
    carry_webhooks()
    payment.refresh_from_db()
    known = Dispute.objects.get()
    answer = StripeDispute(
        id=known.stripe_id,
        payment_intent_id=payment.payment_intent_id,
        status="won",
        reason="fraudulent",
        amount=1900,
        currency="USD",
        is_charge_refundable=True,
        evidence_due_by=None,
        created=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert disputes.take(payment, [answer], known.asked_at - timedelta(seconds=1)) == []
    assert order().dispute == "open"
    assert disputes.take(payment, [answer], timezone.now()) == [known]
    assert order().dispute == "won"


def test_a_dispute_is_kept_once(contested: Callable[..., Payment], carry_webhooks: Carry) -> None:
    contested()
    carry_webhooks()
    dispute = Dispute.objects.get()
    dispute.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        dispute.save()


# --- Events that are not what they say -----------------------------------------------------------------------

TYPES = ["refund.created", "refund.updated", "refund.failed", "charge.refunded", "charge.dispute.created"]


def paid_of(client: Client, item: Item, pay: Pay) -> Payment:
    pay(client.get(f"/buy/{item.pk}").json()["url"])
    client.get(f"/order/{Order.objects.latest('pk').uuid}")
    return Payment.objects.latest("pk")


@pytest.mark.parametrize("type", TYPES)
def test_an_event_of_another_account_changes_nothing_and_is_reported(
    client: Client, usd_mug: Item, pay: Pay, send_event: Callable[..., Any], stripe_server: StripeServer, type: str
) -> None:
    payment = paid_of(client, usd_mug, pay)
    stripe_of("USD").v1.refunds.create({"payment_intent": payment.payment_intent_id})
    stripe_server.requests.clear()
    thing = {"id": "re_1", "payment_intent": payment.payment_intent_id, "amount": 1900, "currency": "usd"}
    assert send_event(thing, type, currency="EUR").status_code == 200
    event = StripeEvent.objects.get()
    assert (event.outcome, event.problem) == ("refused", "It comes from another account than the payment is of.")
    assert stripe_server.requests == []
    assert send_event(thing, type, livemode=True, event_id="evt_2").status_code == 200
    assert StripeEvent.objects.latest("pk").problem == "It has another livemode than the payment."
    assert (Refund.objects.count(), order().refunded, order().dispute) == (0, "not", "none")


@pytest.mark.parametrize("intent", ["pi_unknown", None, 7, "", {"id": "pi_1"}, "pi\0"])
def test_what_is_about_no_payment_of_ours_is_left_alone(send_event: Callable[..., Any], db: None, intent: Any) -> None:
    assert send_event({"id": "re_1", "payment_intent": intent}, "refund.created").status_code == 200
    assert StripeEvent.objects.get().outcome == "not_ours"


def test_a_payment_that_only_claims_to_be_ours_is_left_alone(
    client: Client, usd_mug: Item, send_event: Callable[..., Any]
) -> None:
    payment = Payment.objects.get(checkout_session_id=client.get(f"/buy/{usd_mug.pk}").json()["id"])
    for metadata in ({"payment": str(payment.pk), "order": "another"}, {"payment": "x"}, {}):
        intent = stripe_of("USD").v1.payment_intents.create({"amount": 100, "currency": "usd", "metadata": metadata})
        send_event({"id": "re_1", "payment_intent": intent.id}, "refund.created", event_id=f"evt_{intent.id}")
    assert set(StripeEvent.objects.values_list("outcome", flat=True)) == {"not_ours"}


def test_an_event_says_that_something_happened_and_the_account_says_what(
    client: Client, usd_mug: Item, pay: Pay, send_event: Callable[..., Any]
) -> None:
    payment = paid_of(client, usd_mug, pay)
    forged = {"id": "re_1", "payment_intent": payment.payment_intent_id, "amount": 1900, "status": "succeeded"}
    for number, type in enumerate(TYPES):
        assert send_event(forged, type, event_id=f"evt_{number}").status_code == 200
    assert (Refund.objects.count(), Dispute.objects.count(), order().refunded) == (0, 0, "not")


def test_a_refund_of_what_is_not_paid_here_is_ignored(
    client: Client, usd_mug: Item, send_event: Callable[..., Any]
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    Payment.objects.update(payment_intent_id="pi_1")
    send_event({"id": "re_1", "payment_intent": "pi_1"}, "refund.created")
    assert StripeEvent.objects.get().outcome == "ignored"
