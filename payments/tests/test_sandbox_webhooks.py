"""The stand-in's webhooks: signed, carried, lost, doubled, late, tried again."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from stripe import WebhookSignature

from payments.gateway.keys import ring
from payments.sandbox import clock, store
from payments.sandbox.webhooks import courier, deliveries
from payments.tests import stripe_spec
from payments.tests.sandbox_client import line, open_session, stripe_of

ARRIVE = ["payment_intent.succeeded", "checkout.session.completed"]


@dataclass
class Shop:
    """Where webhooks arrive, and what they are answered."""

    status: int = 200
    arrived: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def take(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.arrived.append((url, body, headers))
        return self.status

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body, _ in self.arrived]


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a second may pass between what is done and what is asked about it."""
    later(monkeypatch, 0)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def pay(webhook: str = "deliver", number: str = "4242424242424242", success_url: str = "") -> None:
    session = open_session(**({"success_url": success_url} if success_url else {}))
    card = {"email": "ada@example.com", "number": number, "expiry": "12/34", "cvc": "123", "webhook": webhook}
    Client().post(f"/sandbox/checkout/{session.id}", card)


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + seconds)


def undelivered() -> list[str]:
    events = stripe_of("USD").v1.events.list({"delivery_success": False}).data
    return [event.type for event in reversed(events)]


# --- What arrives -------------------------------------------------------------------------------------------


def test_a_payment_sends_signed_events_to_the_shop(shop: Shop) -> None:
    pay()
    assert courier.deliver_due(shop.take) == 2
    assert shop.types == ARRIVE
    for url, body, headers in shop.arrived:
        assert url == "http://testserver/webhooks/stripe"
        WebhookSignature.verify_header(body, headers["Stripe-Signature"], "whsec_sandbox_usd", 300)
        assert stripe_spec.resource("event", json.loads(body)) == []
        assert json.loads(body)["pending_webhooks"] == 1
    assert courier.deliver_due(shop.take) == 0


def test_each_account_signs_with_the_first_of_its_own_secrets(shop: Shop, settings: Any) -> None:
    eur = replace(ring()["EUR"], webhook_secrets=("whsec_new", "whsec_old"))
    settings.STRIPE_KEYPAIRS = {**ring(), "EUR": eur}
    session = open_session(line(1750, "eur"), currency="EUR")
    stripe_of("EUR").v1.checkout.sessions.expire(session.id)
    courier.deliver_due(shop.take)
    _, body, headers = shop.arrived[0]
    WebhookSignature.verify_header(body, headers["Stripe-Signature"], "whsec_new", 300)


def test_an_account_without_a_secret_sends_nothing(shop: Shop, settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {"USD": replace(ring()["USD"], webhook_secrets=())}
    pay()
    assert courier.deliver_due(shop.take) == 0


def test_a_failed_attempt_and_an_expired_session_are_told_too(shop: Shop) -> None:
    pay(number="4000000000000002")
    stripe_of("USD").v1.checkout.sessions.expire(stripe_of("USD").v1.checkout.sessions.list().data[0].id)
    courier.deliver_due(shop.take)
    assert shop.types == [
        "payment_intent.payment_failed",
        "checkout.session.expired",
        "payment_intent.canceled",
    ]
    request = json.loads(shop.arrived[1][1])["request"]
    assert request["id"].startswith("req_")
    assert request["idempotency_key"]


# --- Lost, twice, late --------------------------------------------------------------------------------------


def test_a_lost_webhook_never_arrives_and_is_listed_as_undelivered(shop: Shop) -> None:
    pay("lose")
    assert courier.deliver_due(shop.take) == 0
    assert undelivered() == ARRIVE
    assert stripe_of("USD").v1.events.list({"delivery_success": True}).data == []


def test_a_webhook_sent_twice_is_the_same_event_twice(shop: Shop) -> None:
    pay("twice")
    assert courier.deliver_due(shop.take) == 4
    assert len({json.loads(body)["id"] for _, body, _ in shop.arrived}) == 2


def test_a_late_webhook_arrives_ten_seconds_later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    pay("late")
    assert courier.deliver_due(shop.take) == 0
    later(monkeypatch, 10)
    assert courier.deliver_due(shop.take) == 2


def test_a_webhook_on_its_way_is_undelivered_until_it_arrives(shop: Shop) -> None:
    pay()
    assert undelivered() == ARRIVE
    assert stripe_of("USD").v1.events.list({"limit": 1}).data[0].pending_webhooks == 1
    courier.deliver_due(shop.take)
    assert undelivered() == []
    assert [event.pending_webhooks for event in stripe_of("USD").v1.events.list().data] == [0, 0, 0, 0]
    assert len(stripe_of("USD").v1.events.list({"delivery_success": True}).data) == 2


def test_events_are_found_by_their_type() -> None:
    pay()
    events = stripe_of("USD").v1.events
    assert len(events.list({"types": ARRIVE}).data) == 2
    assert len(events.list({"type": "payment_intent.*"}).data) == 2
    assert len(events.list({"type": "charge.succeeded"}).data) == 1
    with pytest.raises(Exception, match="not both"):
        events.list({"type": "charge.succeeded", "types": ARRIVE})


# --- Again --------------------------------------------------------------------------------------------------


def test_a_webhook_is_tried_five_times_ever_more_slowly(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.status = 500
    pay()
    for wait in (0, 2, 10, 60, 300):
        later(monkeypatch, wait - 1)
        assert wait == 0 or courier.deliver_due(shop.take) == 0
        later(monkeypatch, 1)
        assert courier.deliver_due(shop.take) == 2
    later(monkeypatch, 24 * 60 * 60)
    assert courier.deliver_due(shop.take) == 0
    assert deliveries.next_due_at() is None
    assert undelivered() == ARRIVE


def test_a_webhook_that_arrives_at_last_is_delivered(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.status = 0
    pay()
    courier.deliver_due(shop.take)
    shop.status = 204
    later(monkeypatch, 2)
    assert courier.deliver_due(shop.take) == 2
    assert undelivered() == []


def test_two_couriers_never_take_the_same_webhook() -> None:
    for _ in range(5):
        pay()
    with ThreadPoolExecutor(8) as couriers:
        claimed = [claim.id for claim in couriers.map(lambda _: deliveries.claim_next(), range(20)) if claim]
    assert len(claimed) == len(set(claimed)) == 10


def test_what_a_courier_took_and_never_settled_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    pay()
    taken = deliveries.claim_next(), deliveries.claim_next()
    assert all(taken)
    assert deliveries.claim_next() is None
    assert deliveries.next_due_at() == clock.now() + 60
    later(monkeypatch, 60)
    assert deliveries.claim_next() is not None


# --- The courier's thread and HTTP --------------------------------------------------------------------------


class Listener:
    """A shop on a real port."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, str]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                WebhookSignature.verify_header(body, self.headers["Stripe-Signature"], "whsec_sandbox_usd", 300)
                listener.arrived.append((self.path, json.loads(body)["type"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Tests read `arrived` instead."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


@pytest.fixture
def working_courier(settings: Any, sandbox: None) -> Iterator[None]:
    """The courier's thread is at work, and is gone when the test is over."""
    settings.STRIPE_SANDBOX_COURIER = True
    yield
    with store.writing() as db:
        db.execute("DELETE FROM deliveries")
    courier.courier.wake()
    wait_until(lambda: courier.courier._thread is None)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_courier_carries_over_http_and_rests_when_all_is_sent(
    listener: Listener,
    working_courier: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A proxy that is not there must not matter to a shop on this machine.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    caplog.set_level("INFO", "payments.sandbox.webhooks.courier")
    for _ in range(2):
        pay(success_url=f"{listener.url}/thanks")
        wait_until(lambda: courier.courier._thread is None)
    assert listener.arrived == [("/webhooks/stripe", type) for type in ARRIVE] * 2
    assert "checkout.session.completed, attempt 1: 200" in caplog.text
    assert "whsec" not in caplog.text
    assert undelivered() == []


def test_a_shop_that_does_not_answer_is_tried_again(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    listener.server.shutdown()
    listener.server.server_close()
    pay(success_url=f"{listener.url}/thanks")
    assert courier.deliver_due() == 2
    assert deliveries.next_due_at() == clock.now() + 2


def test_a_ring_wakes_the_courier_that_waits_for_a_late_webhook(listener: Listener, working_courier: None) -> None:
    pay("late", success_url=f"{listener.url}/thanks")
    assert courier.courier._thread is not None
    pay(success_url=f"{listener.url}/thanks")
    wait_until(lambda: len(listener.arrived) == 2)
    assert [type for _, type in listener.arrived] == ARRIVE
