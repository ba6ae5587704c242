"""A bank that takes its time: what is paid, or refused, ten seconds later."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from django.test import Client

from payments.sandbox import clock
from payments.sandbox.paying import bank
from payments.sandbox.transport import SandboxClient
from payments.sandbox.webhooks import courier, deliveries
from payments.tests.sandbox_client import coupon, event_types, open_session, stripe_of
from payments.tests.test_sandbox_intents import confirm, new_intent

ASKS = "4000 0025 0000 3155"
Later = Callable[[int], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Turns the clock, which stands still until then."""
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    return lambda seconds: monkeypatch.setattr(clock, "now", lambda: start + seconds)


def give_card(session: stripe.checkout.Session, number: str = "4242424242424242", **changes: str) -> Any:
    card = {"email": "ada@example.com", "number": number, "expiry": "12/34", "cvc": "123", "bank": "slow"}
    return Client().post(f"/sandbox/checkout/{session.id}", card | changes)


def again(session: stripe.checkout.Session) -> Any:
    return stripe_of("USD").v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})


def page_of(session: stripe.checkout.Session) -> str:
    return Client().get(f"/sandbox/checkout/{session.id}").content.decode()


def test_a_session_is_complete_and_unpaid_until_the_bank_has_decided(later: Later) -> None:
    session = open_session()
    assert give_card(session).status_code == 303
    waiting = again(session)
    assert (waiting.status, waiting.payment_status, waiting.payment_intent.status) == (
        "complete",
        "unpaid",
        "processing",
    )
    assert waiting.payment_intent.processing.type == "card"
    assert stripe_of("USD").v1.balance.retrieve().available == []
    assert "The bank takes its time" in page_of(session)
    assert event_types()[:2] == ["checkout.session.completed", "payment_intent.processing"]
    later(10)
    paid = again(session)
    assert (paid.payment_status, paid.payment_intent.status) == ("paid", "succeeded")
    assert paid.payment_intent.processing is None
    assert [entry.amount for entry in stripe_of("USD").v1.balance.retrieve().available] == [1900]
    assert "Already paid" in page_of(session)
    assert event_types()[:3] == [
        "checkout.session.async_payment_succeeded",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_a_session_stays_unpaid_where_the_bank_refuses(later: Later) -> None:
    session = open_session()
    give_card(session, bank="refuses")
    later(10)
    refused = again(session)
    assert (refused.status, refused.payment_status) == ("complete", "unpaid")
    assert refused.payment_intent.status == "requires_payment_method"
    assert refused.payment_intent.last_payment_error.code == "card_declined"
    assert stripe_of("USD").v1.balance.retrieve().available == []
    assert "The bank refused" in page_of(session)
    assert event_types()[:3] == [
        "checkout.session.async_payment_failed",
        "payment_intent.payment_failed",
        "charge.failed",
    ]


def test_the_bank_takes_its_time_after_the_payer_confirmed(later: Later) -> None:
    session = open_session()
    confirmation = give_card(session, ASKS)["Location"]
    later(60)
    assert Client().post(confirmation, {"answer": "complete"})["Location"] == session.success_url.replace(  # type: ignore[union-attr]
        "{CHECKOUT_SESSION_ID}", session.id
    )
    assert again(session).payment_intent.status == "processing"
    later(70)
    assert again(session).payment_status == "paid"


def test_a_card_that_is_declined_is_declined_at_once() -> None:
    assert give_card(open_session(), "4000000000000002").status_code == 402


@pytest.mark.parametrize(
    ("answer", "status", "event"),
    [
        ("slow", "succeeded", "payment_intent.succeeded"),
        ("refuses", "requires_payment_method", "payment_intent.payment_failed"),
    ],
)
def test_an_intent_is_processing_until_the_bank_has_decided(later: Later, answer: str, status: str, event: str) -> None:
    intent = new_intent()
    assert confirm(intent, bank=answer).json()["paymentIntent"]["status"] == "processing"
    assert confirm(intent).json()["error"]["message"].endswith("status of processing.")
    later(9)
    assert stripe_of("USD").v1.payment_intents.retrieve(intent.id).status == "processing"
    later(10)
    assert stripe_of("USD").v1.payment_intents.retrieve(intent.id).status == status
    assert event_types(type=event) == [event]


def test_another_card_can_pay_after_the_bank_refused(later: Later) -> None:
    intent = new_intent()
    confirm(intent, bank="refuses")
    later(10)
    assert confirm(intent).json()["paymentIntent"]["status"] == "succeeded"


def test_the_courier_waits_for_the_bank_and_tells_the_shop_without_anybody_asking(later: Later) -> None:
    types: list[bytes] = []

    def take(url: str, body: bytes, headers: dict[str, str]) -> int:
        types.append(body)
        return 200

    give_card(open_session())
    assert courier.deliver_due(take) == 1
    assert deliveries.next_due_at() is None
    assert bank.next_due_at() == courier.next_due_at() == clock.now() + 10
    later(10)
    assert courier.deliver_due(take) == 2
    assert b"checkout.session.async_payment_succeeded" in types[2]
    assert courier.next_due_at() is None


def test_the_chosen_fate_of_the_webhook_is_that_of_the_banks_answer_too(later: Later) -> None:
    give_card(open_session(), webhook="lose")
    later(10)
    assert courier.deliver_due(lambda *_: 200) == 0
    assert "checkout.session.async_payment_succeeded" in event_types(delivery_success=False)


def test_what_a_bank_decides_survives_a_restart(later: Later) -> None:
    session = open_session()
    give_card(session)
    later(24 * 60 * 60 + 100)
    SandboxClient().close()
    assert again(session).payment_status == "paid"


def test_the_coupon_of_a_session_counts_once_though_the_bank_answers_later(later: Later) -> None:
    spring = coupon(percent_off=10)
    session = open_session(discounts=[{"coupon": spring}])
    give_card(session)
    later(10)
    assert again(session).payment_intent.amount_received == 1710
    assert stripe_of("USD").v1.coupons.retrieve(spring).times_redeemed == 1
