"""Webhooks on their way: which events are sent, when each is due, and who has taken it."""

import sqlite3
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from django.conf import settings

from payments.sandbox import accounts, clock, store
from payments.sandbox.store import JSON

PATH = "/webhooks/stripe"
# What the shop is sent where no endpoint is registered; other events happen without a webhook.
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
    # Its id; empty for the shop that spoke last.
    endpoint: str


@dataclass(frozen=True)
class Destination:
    url: str
    endpoint: str
    listens: bool


def remember_endpoint(db: sqlite3.Connection, account: str, shop_url: str) -> None:
    """Without a registered endpoint, the account's webhooks go to the shop that spoke last, wherever it runs."""
    parts = urlsplit(shop_url)
    url = f"{parts.scheme}://{parts.netloc}{PATH}"
    db.execute("INSERT OR REPLACE INTO endpoints (account, url) VALUES (?, ?)", (account, url))


def enqueue(db: sqlite3.Connection, account: str, event: JSON, webhook: Webhook) -> None:
    lost = webhook is Webhook.LOSE or settings.STRIPE_SANDBOX_WEBHOOKS == "lose"
    due_at = clock.now() + (LATE_SECONDS if webhook is Webhook.LATE else 0)
    for destination in destinations(db, account, event["type"]):
        state = "pending" if destination.listens and not lost else "lost"
        for _ in range(2 if webhook is Webhook.TWICE else 1):
            db.execute(
                "INSERT INTO deliveries (account, event, url, state, due_at, endpoint) VALUES (?, ?, ?, ?, ?, ?)",
                (account, event["id"], destination.url, state, due_at, destination.endpoint),
            )


def destinations(db: sqlite3.Connection, account: str, type: str) -> list[Destination]:
    """The registered endpoints that want such events; where none is registered, the shop that spoke last."""
    registered = list(store.newest_first(db, account, "webhook_endpoint"))
    if registered:
        return [
            Destination(endpoint["url"], endpoint["id"], endpoint["status"] == "enabled")
            for endpoint in registered
            if {"*", type} & set(endpoint["enabled_events"])
        ]
    return [last_speaker(db, account)] if type in SUBSCRIBED.split() else []


def last_speaker(db: sqlite3.Connection, account: str) -> Destination:
    row = db.execute("SELECT url FROM endpoints WHERE account = ?", (account,)).fetchone()
    return Destination(row[0] if row else "", "", listens=bool(row and accounts.webhook_secret(account)))


def secret_of(db: sqlite3.Connection, delivery: Delivery) -> str:
    """What signs it. An endpoint has a secret of its own, which only who made it was told."""
    endpoint = store.find(db, delivery.account, delivery.endpoint) if delivery.endpoint else None
    return endpoint["_secret"] if endpoint else accounts.webhook_secret(delivery.account)


def forget_endpoint(db: sqlite3.Connection, account: str, endpoint: str) -> None:
    """What was on its way there never arrives."""
    db.execute(
        "UPDATE deliveries SET state = 'lost' WHERE account = ? AND endpoint = ? AND state = 'pending'",
        (account, endpoint),
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
            "SELECT id, account, event, url, attempts + 1, endpoint FROM deliveries WHERE state = 'pending'"
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
    """How many endpoints have yet to take the event."""
    row = db.execute(
        "SELECT COUNT(DISTINCT endpoint) FROM deliveries WHERE account = ? AND event = ? AND state = 'pending'",
        (account, event),
    ).fetchone()
    return int(row[0])


def successes(db: sqlite3.Connection, account: str) -> dict[str, bool]:
    """Of each event that has webhooks, whether all arrived. One still under way has not."""
    rows = db.execute(
        "SELECT event, MIN(state = 'delivered') FROM deliveries WHERE account = ? GROUP BY event", (account,)
    )
    return {event: bool(arrived) for event, arrived in rows}
