"""The stand-in's disputes: opened by a card, decided on the page that stands in for the dashboard."""

from typing import Any

import pytest
import stripe
from django.test import Client

from payments.sandbox import clock
from payments.tests.sandbox_client import event_types, stripe_of
from payments.tests.test_sandbox_refunds import balance, charge_of, paid, refund

DISPUTED, INQUIRED = "4000000000000259", "4000000000001976"


def dispute_of(intent: stripe.PaymentIntent) -> stripe.Dispute:
    (dispute,) = stripe_of("USD").v1.disputes.list({"payment_intent": intent.id}).data
    assert stripe_of("USD").v1.disputes.retrieve(dispute.id).to_dict() == dispute.to_dict()
    return dispute


def press(browser: Client, intent: stripe.PaymentIntent, button: str) -> Any:
    return browser.post(f"/sandbox/payments/{intent.id}", {"act": button, "dispute": dispute_of(intent).id})


def test_a_disputed_payment_loses_its_money_and_can_be_answered_in_time() -> None:
    intent = paid(DISPUTED)
    dispute = dispute_of(intent)
    assert (dispute.amount, dispute.currency, dispute.reason) == (1900, "usd", "fraudulent")
    assert (dispute.status, dispute.is_charge_refundable) == ("needs_response", False)
    assert dispute.evidence_details.due_by
    assert dispute.evidence_details.due_by > clock.now() + 7 * 24 * 60 * 60
    assert (charge_of(intent).disputed, balance()) == (True, 0)
    assert event_types()[:3] == [
        "charge.dispute.funds_withdrawn",
        "charge.dispute.created",
        "charge.succeeded",
    ]


def test_nothing_of_it_can_be_refunded() -> None:
    intent = paid(DISPUTED)
    with pytest.raises(stripe.InvalidRequestError, match="charged back; cannot issue a refund") as refusal:
        refund(intent)
    assert refusal.value.code == "charge_disputed"


def test_a_dispute_that_is_won_gives_the_money_back(admin_client: Client) -> None:
    intent = paid(DISPUTED)
    assert press(admin_client, intent, "answer").status_code == 303
    assert (dispute_of(intent).status, dispute_of(intent).evidence_details.has_evidence) == ("under_review", True)
    assert event_types()[0] == "charge.dispute.updated"
    press(admin_client, intent, "win")
    assert (dispute_of(intent).status, balance()) == ("won", 1900)
    assert event_types()[:2] == ["charge.dispute.funds_reinstated", "charge.dispute.closed"]
    assert "This dispute is closed" in press(admin_client, intent, "lose").content.decode()
    refund(intent)
    assert balance() == 0


def test_a_dispute_that_is_lost_does_not(admin_client: Client) -> None:
    intent = paid(DISPUTED)
    press(admin_client, intent, "lose")
    assert (dispute_of(intent).status, balance()) == ("lost", 0)
    assert event_types()[0] == "charge.dispute.closed"
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        refund(intent)


def test_an_inquiry_takes_no_money_and_leaves_the_payment_refundable(admin_client: Client) -> None:
    intent = paid(INQUIRED)
    assert (dispute_of(intent).status, dispute_of(intent).is_charge_refundable) == ("warning_needs_response", True)
    assert (balance(), event_types()[0]) == (1900, "charge.dispute.created")
    refund(intent, amount=500)
    press(admin_client, intent, "answer")
    assert dispute_of(intent).status == "warning_under_review"
    press(admin_client, intent, "win")
    assert (dispute_of(intent).status, balance()) == ("warning_closed", 1400)


def test_an_inquiry_that_is_lost_takes_the_money_in_the_end(admin_client: Client) -> None:
    intent = paid(INQUIRED)
    press(admin_client, intent, "lose")
    assert (dispute_of(intent).status, dispute_of(intent).is_charge_refundable, balance()) == ("lost", False, 0)
    assert event_types()[:2] == ["charge.dispute.funds_withdrawn", "charge.dispute.closed"]


def test_another_account_sees_none_of_it() -> None:
    dispute = dispute_of(paid(DISPUTED))
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute"):
        stripe_of("EUR").v1.disputes.retrieve(dispute.id)
    assert stripe_of("EUR").v1.disputes.list().data == []
