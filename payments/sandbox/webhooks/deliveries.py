"""Webhooks on their way: which events are sent, when each is due, and who has taken it."""

import sqlite3
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from payments.sandbox import accounts, clock, store
from payments.sandbox.store import JSON

PATH = "/webhooks/stripe"
# What an endpoint of the shop would be subscribed to; other events happen without a webhook.
SUBSCRIBED = """
    checkout.session.completed checkout.session.expired
    checkout.session.async_payment_succeeded checkout.session.async_payment_failed
    payment_intent.succeeded payment_intent.payment_failed payment_intent.canceled
    refund.created refund.updated refund.failed charge.refunded
    charge.dispute.created charge.dispute.updated charge.dispute.closed
    charge.dispute.funds_withdrawn charge.dispute.funds_reinstated
"""
RETRY_SECONDS = (2, 10, 60, 300)
LATE_SECONDS = 10
# Longer than a delivery can take, so whoever claimed it is gone.
CLAIM_SECONDS = 60


class Webhook(Enum):
    """What becomes of the webhooks of a payment, as the payer chose for testing."""

    DELIVER = "deliver"
    LOSE = "lose"
    TWICE = "twice"
    LATE = "late"


@dataclass(frozen=True)
class Delivery:
    id: int
    account: str
    event: str
    url: str
    attempts: int


def remember_endpoint(db: sqlite3.Connection, account: str, shop_url: str) -> None:
    """The account's webhooks go to the shop that spoke last: its address is all that tells where it runs."""
    parts = urlsplit(shop_url)
    url = f"{parts.scheme}://{parts.netloc}{PATH}"
    db.execute("INSERT OR REPLACE INTO endpoints (account, url) VALUES (?, ?)", (account, url))


def enqueue(db: sqlite3.Connection, account: str, event: JSON, webhook: Webhook) -> None:
    endpoint = db.execute("SELECT url FROM endpoints WHERE account = ?", (account,)).fetchone()
    if event["type"] not in SUBSCRIBED.split() or endpoint is None or not accounts.webhook_secret(account):
        return
    state = "lost" if webhook is Webhook.LOSE else "pending"
    due_at = clock.now() + (LATE_SECONDS if webhook is Webhook.LATE else 0)
    for _ in range(2 if webhook is Webhook.TWICE else 1):
        db.execute(
            "INSERT INTO deliveries (account, event, url, state, due_at) VALUES (?, ?, ?, ?, ?)",
            (account, event["id"], endpoint[0], state, due_at),
        )


def next_due_at() -> int | None:
    """When there will be something to send; None if nothing is waiting."""
    with store.reading() as db:
        row = db.execute(
            "SELECT MIN(MAX(due_at, claimed_at + ?)) FROM deliveries WHERE state = 'pending'",
            (CLAIM_SECONDS,),
        ).fetchone()
    return None if row[0] is None else int(row[0])


def claim_next() -> Delivery | None:
    """Take one that is due. The transaction sees to it that two couriers never take the same."""
    with store.writing() as db:
        row = db.execute(
            "SELECT id, account, event, url, attempts + 1 FROM deliveries WHERE state = 'pending'"
            " AND due_at <= :now AND claimed_at <= :now - :claim ORDER BY due_at, id LIMIT 1",
            {"now": clock.now(), "claim": CLAIM_SECONDS},
        ).fetchone()
        if row is None:
            return None
        db.execute(
            "UPDATE deliveries SET claimed_at = ?, attempts = attempts + 1 WHERE id = ?",
            (clock.now(), row[0]),
        )
    return Delivery(*row)


def settle(delivery: Delivery, *, delivered: bool) -> None:
    """Write down how it went: done, due again later, or given up."""
    again = not delivered and delivery.attempts <= len(RETRY_SECONDS)
    state = "delivered" if delivered else "pending" if again else "failed"
    due_at = clock.now() + (RETRY_SECONDS[delivery.attempts - 1] if again else 0)
    with store.writing() as db:
        db.execute(
            "UPDATE deliveries SET state = ?, due_at = ?, claimed_at = 0 WHERE id = ?",
            (state, due_at, delivery.id),
        )


def pending(db: sqlite3.Connection, account: str, event: str) -> int:
    """How many endpoints have yet to take the event: there is one."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM deliveries WHERE account = ? AND event = ? AND state = 'pending')",
        (account, event),
    ).fetchone()
    return int(row[0])


def successes(db: sqlite3.Connection, account: str) -> dict[str, bool]:
    """Of each event that has webhooks, whether all arrived. One still under way has not."""
    rows = db.execute(
        "SELECT event, MIN(state = 'delivered') FROM deliveries WHERE account = ? GROUP BY event", (account,)
    )
    return {event: bool(arrived) for event, arrived in rows}
