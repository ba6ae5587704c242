"""Ten thousand webhooks at once, in any order, many of them twice and some forged: what Stripe says is what holds."""

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from stripe import WebhookSignature

from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.sandbox.paying import payers
from payments.sandbox.paying.cards import card_of
from payments.sandbox.paying.rehearsal import Rehearsal
from payments.sandbox.webhooks.deliveries import Webhook
from payments.tests.shop_process import Shop, running_shop, sandbox_keypair
from payments.tests.stripe_server import StripeServer

pytestmark = pytest.mark.processes

DELIVERIES, SENDERS, ORDERS = 10_000, 16, 240
# One in ten is none of ours; of the others, one in three comes twice.
FALSE = DELIVERIES // 10
GENUINE = (DELIVERIES - FALSE) * 3 // 4
KEYPAIRS = sandbox_keypair("USD") | sandbox_keypair("EUR")
OTHER = {"USD": "EUR", "EUR": "USD"}
WHAT_IS_TOLD = {
    "paid": [
        *("checkout.session.completed", "checkout.session.async_payment_succeeded", "payment_intent.succeeded"),
        *("payment_intent.processing", "payment_intent.payment_failed", "payment_intent.created", "charge.succeeded"),
    ],
    "expired": ["checkout.session.expired", "checkout.session.completed", "checkout.session.async_payment_failed"],
    "open": ["checkout.session.completed", "checkout.session.expired", "price.created", "product.created"],
}


@dataclass(frozen=True)
class Delivery:
    body: str
    secret: str
    # What it must be answered.
    status: int
    age: int = 0

    @property
    def signature(self) -> str:
        moment = int(time.time()) - self.age
        return str(WebhookSignature.generate_signature_header(self.body, self.secret, timestamp=moment))


@pytest.fixture
def shop(stripe_server: StripeServer, tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path, STRIPE_API_BASE=stripe_server.url, LOG_LEVEL="ERROR", **KEYPAIRS) as shop:
        yield shop


def test_ten_thousand_shuffled_doubled_and_forged_deliveries_leave_every_order_as_stripe_has_it(shop: Shop) -> None:
    chance = random.Random(7)  # noqa: S311  (the same deliveries every time)
    with ThreadPoolExecutor(8) as shoppers:
        orders = list(shoppers.map(lambda number: bought(shop, number), range(ORDERS)))
    genuine = list(itertools.islice(genuine_deliveries(orders), GENUINE))
    false = list(itertools.islice(false_deliveries(orders), FALSE))
    deliveries = genuine + false + chance.sample(genuine, DELIVERIES - GENUINE - FALSE)
    chance.shuffle(deliveries)
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = Counter(senders.map(lambda delivery: (delivery.status, send(shop, delivery)), deliveries))

    assert len(deliveries) == DELIVERIES
    assert {(wanted, given) for wanted, given in answers} == {(200, 200), (400, 400)}
    assert as_the_shop_has_them(shop) == as_stripe_has_them(orders)
    kept = dict(shop.rows("SELECT outcome, COUNT(*) FROM payments_stripeevent GROUP BY outcome"))
    foreign = sum(delivery.status == 200 for delivery in false)
    assert kept.pop("refused") == foreign
    assert sum(kept.values()) == GENUINE
    assert "received" not in kept


@dataclass(frozen=True)
class Bought:
    currency: str
    session: dict[str, Any]
    state: str


def bought(shop: Shop, number: int) -> Bought:
    """Of three, one is paid at Stripe, one expired, and one is still open."""
    answer = requests.get(f"{shop.url}/buy/{1 + number % 2}", timeout=60).json()
    currency = "EUR" if number % 2 else "USD"
    sessions = client_for(keypair_for(currency)).v1.checkout.sessions
    state = ("paid", "expired", "open")[number // 2 % 3]
    if state == "paid":
        account, _ = payers.find_session(answer["id"]) or ("", {})
        card = card_of("4242424242424242")
        assert card is not None
        payers.pay(account, answer["id"], card, "shopper@example.com", Rehearsal(webhook=Webhook.LOSE))
    if state == "expired":
        sessions.expire(answer["id"])
    expand: Any = {"expand": ["payment_intent"]}
    return Bought(currency, sessions.retrieve(answer["id"], expand).to_dict(), state)


def genuine_deliveries(orders: list[Bought]) -> Iterator[Delivery]:
    for number in itertools.count():
        for place, order in enumerate(orders):
            types = WHAT_IS_TOLD[order.state]
            body = event(f"evt_{place}_{number}", types[number % len(types)], order)
            yield Delivery(body, secret_of(order.currency), 200)


def false_deliveries(orders: list[Bought]) -> Iterator[Delivery]:
    """Signed by nobody we know, too old, or truly signed by the account of another currency."""
    for number in itertools.count():
        order = orders[number % len(orders)]
        body = event(f"evt_false_{number}", "checkout.session.completed", order)
        yield (
            Delivery(body, "whsec_of_somebody_else", 400),
            Delivery(body, secret_of(order.currency), 400, age=3600),
            Delivery(body, secret_of(OTHER[order.currency]), 200),
        )[number % 3]


def event(event_id: str, type: str, order: Bought) -> str:
    """A snapshot: what it says of the state may be of long ago, or of a time to come."""
    session = order.session | {"status": "complete", "payment_status": "paid"}
    subject = session["payment_intent"] if type.startswith("payment_intent.") else session
    values = {"id": event_id, "object": "event", "type": type, "livemode": False, "data": {"object": subject}}
    return json.dumps(values)


def secret_of(currency: str) -> str:
    return KEYPAIRS[f"STRIPE_{currency}_WEBHOOK_SECRET"]


connections = threading.local()


def send(shop: Shop, delivery: Delivery) -> int:
    if not hasattr(connections, "session"):
        connections.session = requests.Session()
    headers = {"Stripe-Signature": delivery.signature, "Content-Type": "application/json"}
    response = connections.session.post(f"{shop.url}/webhooks/stripe", delivery.body, headers=headers, timeout=60)
    status: int = response.status_code
    return status


def as_stripe_has_them(orders: list[Bought]) -> Counter[tuple[str, str, str]]:
    """Currency, the order's status, and the payment's."""
    status = {"paid": "paid", "expired": "pending", "open": "pending"}
    return Counter((order.currency, status[order.state], order.state) for order in orders)


def as_the_shop_has_them(shop: Shop) -> Counter[tuple[Any, ...]]:
    return Counter(
        shop.rows(
            "SELECT o.currency, o.status, p.status FROM payments_payment p JOIN payments_order o ON o.id = p.order_id"
        )
    )
