"""The stand-in's refunds: asked for through the real SDK, or made on the page that stands in for the dashboard."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from django.test import Client

from payments.sandbox import clock
from payments.sandbox.webhooks import courier
from payments.tests.sandbox_client import event_types, open_session, stripe_of
from payments.tests.test_sandbox_intents import confirm, new_intent

SLOW, FAILS = "4000000000007726", "4000000000005126"
Later = Callable[[int], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Turns the clock, which stands still until then."""
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    return lambda seconds: monkeypatch.setattr(clock, "now", lambda: start + seconds)


def paid(number: str = "4242424242424242") -> stripe.PaymentIntent:
    """An intent of 19 dollars that was paid with this card."""
    intent = new_intent()
    assert confirm(intent, number).status_code == 200
    return stripe_of("USD").v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})


def refund(intent: stripe.PaymentIntent, **params: Any) -> stripe.Refund:
    return stripe_of("USD").v1.refunds.create({"payment_intent": intent.id, **params})  # type: ignore[arg-type]


def again(refunded: stripe.Refund) -> stripe.Refund:
    return stripe_of("USD").v1.refunds.retrieve(refunded.id)


def charge_of(intent: stripe.PaymentIntent) -> stripe.Charge:
    (charge,) = stripe_of("USD").v1.charges.list({"payment_intent": intent.id}).data
    return charge


def balance() -> int:
    return sum(entry.amount for entry in stripe_of("USD").v1.balance.retrieve().available)


def test_a_refund_says_what_it_was_asked_for_and_counts_on_its_charge() -> None:
    intent = paid()
    refunded = refund(intent, amount=700, reason="requested_by_customer", metadata={"refund": "7"})
    assert refunded.id.startswith("re_")
    assert (refunded.amount, refunded.currency, refunded.status) == (700, "usd", "succeeded")
    assert (refunded.reason, refunded.metadata.to_dict()) == ("requested_by_customer", {"refund": "7"})  # type: ignore[union-attr]
    charge = charge_of(intent)
    assert (charge.amount_refunded, charge.refunded, balance()) == (700, False, 1200)
    assert event_types()[:2] == ["charge.refunded", "refund.created"]


def test_without_an_amount_the_rest_is_refunded_by_the_charge_as_well() -> None:
    intent = paid()
    refund(intent, amount=700)
    charge = charge_of(intent)
    rest = stripe_of("USD").v1.refunds.create({"charge": charge.id})
    assert rest.amount == 1200
    assert (charge_of(intent).refunded, balance()) == (True, 0)
    assert [each.id for each in stripe_of("USD").v1.refunds.list({"payment_intent": intent.id}).data][0] == rest.id
    assert len(stripe_of("USD").v1.refunds.list({"charge": charge.id, "limit": 1}).data) == 1


def test_no_more_is_refunded_than_is_left() -> None:
    intent = paid()
    refund(intent, amount=700)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as refusal:
        refund(intent, amount=1201)
    assert (refusal.value.code, refusal.value.param) == (None, "amount")
    refund(intent)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        refund(intent, amount=1)
    assert refusal.value.code == "charge_already_refunded"
    assert balance() == 0


def test_another_account_has_no_such_payment() -> None:
    intent = paid()
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent") as refusal:
        stripe_of("EUR").v1.refunds.create({"payment_intent": intent.id})
    assert (refusal.value.code, refusal.value.param) == ("resource_missing", "payment_intent")
    refunded = refund(intent)
    with pytest.raises(stripe.InvalidRequestError, match="No such refund"):
        stripe_of("EUR").v1.refunds.retrieve(refunded.id)
    assert stripe_of("EUR").v1.refunds.list().data == []


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "Missing required param"),
        ({"charge": "ch_none"}, "No such charge"),
        ({"payment_intent": "", "amount": 1}, "No such payment_intent|empty string"),
        ({"amount": 0, "charge": "ch_1"}, "greater than or equal to 1"),
        ({"reason": "regret", "charge": "ch_1"}, "must be one of"),
        ({"reverse_transfer": True, "charge": "ch_1"}, "does not serve"),
    ],
)
def test_what_cannot_be_refunded_is_refused(params: Any, problem: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=problem):
        stripe_of("USD").v1.refunds.create(params)


def test_what_was_not_paid_cannot_be_refunded() -> None:
    intent = new_intent()
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        refund(intent)
    confirm(intent, "4000000000000002")
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        refund(intent)


def test_the_same_key_refunds_once() -> None:
    intent = paid()
    refunds = stripe_of("USD").v1.refunds
    params: Any = {"payment_intent": intent.id, "amount": 500}
    first, second = (refunds.create(params, {"idempotency_key": "one"}) for _ in range(2))
    assert first.id == second.id
    assert charge_of(intent).amount_refunded == 500


def test_a_refund_can_take_a_while_and_counts_from_the_first_moment(later: Later) -> None:
    intent = paid(SLOW)
    pending = refund(intent, amount=1000)
    assert (pending.status, pending.pending_reason) == ("pending", "processing")
    with pytest.raises(stripe.InvalidRequestError, match="unrefunded"):
        refund(intent, amount=901)
    courier.deliver_due(lambda *_: 200)
    assert courier.next_due_at() == clock.now() + 10
    later(9)
    assert again(pending).status == "pending"
    later(10)
    done = again(pending)
    assert (done.status, done.pending_reason) == ("succeeded", None)
    assert event_types()[0] == "refund.updated"
    courier.deliver_due(lambda *_: 200)
    assert courier.next_due_at() is None


def test_a_refund_can_fail_after_it_seemed_done_and_gives_back_what_it_took(later: Later) -> None:
    intent = paid(FAILS)
    refunded = refund(intent)
    assert (refunded.status, charge_of(intent).refunded) == ("succeeded", True)
    later(10)
    failed = again(refunded)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (charge_of(intent).amount_refunded, charge_of(intent).refunded, balance()) == (0, False, 1900)
    assert event_types()[:2] == ["refund.failed", "refund.updated"]


def test_notes_on_a_refund_can_be_changed_and_nothing_else() -> None:
    refunded = refund(paid(), metadata={"a": "1", "b": "2"})
    changed = stripe_of("USD").v1.refunds.update(refunded.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}  # type: ignore[union-attr]
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        stripe_of("USD").v1.refunds.update(refunded.id, {"amount": 1})  # type: ignore[arg-type]


def test_a_refund_to_a_card_cannot_be_canceled(later: Later) -> None:
    pending = refund(paid(SLOW))
    with pytest.raises(stripe.InvalidRequestError, match="pending cannot be canceled"):
        stripe_of("USD").v1.refunds.cancel(pending.id)


def test_staff_refunds_on_the_page_that_stands_in_for_the_dashboard(admin_client: Client) -> None:
    intent = paid()
    address = f"/sandbox/payments/{intent.id}"
    page = admin_client.get(address)
    assert 'value="19.00"' in page.content.decode()
    assert admin_client.post(address, {"act": "refund", "amount": "4.50"}).status_code == 303
    assert "Refund of USD\xa04.50 · <code>succeeded</code>" in admin_client.get(address).content.decode()
    assert charge_of(intent).amount_refunded == 450
    too_much = admin_client.post(address, {"act": "refund", "amount": "14.51"})
    assert too_much.status_code == 400
    assert "greater than unrefunded amount" in too_much.content.decode()
    for nonsense in ({"act": "refund"}, {"act": "refund", "amount": "-1"}, {"act": "x"}, {}):
        assert admin_client.post(address, nonsense).status_code == 400
    assert charge_of(intent).amount_refunded == 450


def test_nobody_else_comes_to_that_page(client: Client, admin_client: Client) -> None:
    intent = paid()
    refused = client.post(f"/sandbox/payments/{intent.id}", {"act": "refund", "amount": "19.00"})
    assert refused.status_code == 302
    assert "/admin/login/" in refused["Location"]
    assert charge_of(intent).amount_refunded == 0
    assert admin_client.get("/sandbox/payments/pi_none").status_code == 404


def test_what_was_paid_on_the_hosted_page_is_refunded_by_its_intent() -> None:
    session = open_session()
    card = {"email": "ada@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    Client().post(f"/sandbox/checkout/{session.id}", card)
    intent = stripe_of("USD").v1.checkout.sessions.retrieve(session.id).payment_intent
    assert stripe_of("USD").v1.refunds.create({"payment_intent": str(intent)}).amount == 1900
