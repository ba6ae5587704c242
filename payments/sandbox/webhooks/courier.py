"""Carries webhooks: truly signed, over HTTP, again and again until the shop says 2xx."""

import json
import logging
import threading
from collections.abc import Callable
from typing import TypeAlias

import requests
from django.conf import settings
from stripe import WebhookSignature

from payments.sandbox import clock, store
from payments.sandbox.objects import events, refunds
from payments.sandbox.paying import bank, overdue
from payments.sandbox.webhooks import deliveries
from payments.sandbox.webhooks.deliveries import Delivery

log = logging.getLogger(__name__)

TIMEOUT = (3, 10)
# Sends a body with its headers to a URL; answers with the status, or 0 where nobody did.
Post: TypeAlias = Callable[[str, bytes, dict[str, str]], int]


class Courier:
    """A thread of this process, which lives while something waits to be sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Call it after whatever may have left a webhook, once that is committed."""
        # False in tests, which carry the webhooks themselves: see `deliver_due`.
        if not getattr(settings, "STRIPE_SANDBOX_COURIER", True):
            return
        with self._lock:
            # A thread does not come along through a fork: the child finds it dead and starts its own.
            if self._thread and self._thread.is_alive():
                self._bell.set()
            elif next_due_at() is not None:
                self._thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (seconds := self._seconds_to_wait()) is not None:
            self._bell.wait(seconds)
            deliver_due()

    def _seconds_to_wait(self) -> int | None:
        """None ends the thread, under the lock, so that `wake` cannot count on one that is leaving."""
        with self._lock:
            self._bell.clear()
            due_at = next_due_at()
            if due_at is None:
                self._thread = None
                return None
            return max(0, due_at - clock.now())


def next_due_at() -> int | None:
    """When there will be something to do: a webhook to send, or a bank that has decided."""
    moments = (deliveries.next_due_at(), bank.next_due_at(), refunds.next_due_at())
    return min((moment for moment in moments if moment is not None), default=None)


def over_http(url: str, body: bytes, headers: dict[str, str]) -> int:
    with requests.Session() as session:
        # The shop is this very machine: no proxy has a part in it.
        session.trust_env = False
        try:
            return session.post(url, body, headers=headers, timeout=TIMEOUT, allow_redirects=False).status_code
        except requests.RequestException:
            return 0


def deliver_due(post: Post = over_http) -> int:
    """Send all that is due, and say how many. A test gives a `post` that calls Django's test client."""
    overdue.catch_up()
    sent = 0
    while delivery := deliveries.claim_next():
        type, body, headers = signed(delivery)
        status = post(delivery.url, body, headers)
        log.info("Webhook %s %s, attempt %d: %s", delivery.event, type, delivery.attempts, status or "no answer")
        deliveries.settle(delivery, delivered=200 <= status < 300)
        sent += 1
    return sent


def signed(delivery: Delivery) -> tuple[str, bytes, dict[str, str]]:
    """The event's type, and the body and headers that Stripe would send."""
    with store.reading() as db:
        event = store.get(db, delivery.account, "event", delivery.event)
        body = json.dumps(events.as_of_now(db, delivery.account, event), indent=2)
        secret = deliveries.secret_of(db, delivery)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": WebhookSignature.generate_signature_header(body, secret),
        "User-Agent": "Stripe/1.0 (stand-in)",
    }
    return event["type"], body.encode(), headers


courier = Courier()
