"""Refunds: how much of a charge can go back, and what becomes of it. A failed one gives back what it took."""

import sqlite3

from payments.money import format_amount
from payments.sandbox import clock, store
from payments.sandbox.errors import ApiError, invalid
from payments.sandbox.http.routing import Call
from payments.sandbox.ids import new_id
from payments.sandbox.objects import balance_transactions, disputes, events
from payments.sandbox.objects.limits import check_step
from payments.sandbox.paying.cards import Behavior
from payments.sandbox.store import JSON

SECONDS = 10
# What a refund is at once, and what it comes to after a while: https://docs.stripe.com/testing#refunds
COURSES = {
    Behavior.REFUNDS_SLOWLY.name: ("pending", "succeeded"),
    Behavior.REFUND_FAILS.name: ("succeeded", "failed"),
}
USUAL_COURSE = ("succeeded", "")
NULL_FIELDS = """
    customer customer_account failure_balance_transaction failure_reason pending_reason reason receipt_number
    source_transfer_reversal transfer_reversal
"""


def check(db: sqlite3.Connection, account: str, charge: JSON, amount: int) -> None:
    if disputes.forbid_refund(db, account, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise ApiError(message, code="charge_disputed")
    rest = charge["amount"] - charge["amount_refunded"]
    if rest == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    currency = charge["currency"].upper()
    if amount > rest:
        shown, left = format_amount(amount, currency, "en"), format_amount(rest, currency, "en")
        raise invalid("amount", f"Refund amount ({shown}) is greater than unrefunded amount on charge ({left})")
    check_step(amount, currency, "amount")


def create(
    db: sqlite3.Connection, account: str, charge: JSON, amount: int, data: JSON, call: Call | None = None
) -> JSON:
    """What is pending counts as refunded already."""
    at_once, later = COURSES.get(charge.get("_card", ""), USUAL_COURSE)
    refund: JSON = dict.fromkeys(NULL_FIELDS.split()) | {
        "id": new_id("re_3"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": clock.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": "processing" if at_once == "pending" else None,
        "status": at_once,
        **data,
    }
    refund["balance_transaction"] = booked(db, account, refund, "refund", -amount)
    if later:
        refund |= {"_settles_at": clock.now() + SECONDS, "_comes_to": later}
    store.save(db, account, refund)
    charge = count(db, account, charge, amount)
    events.record(db, account, "refund.created", refund, call=call)
    events.record(db, account, "charge.refunded", charge, call=call)
    return refund


def booked(db: sqlite3.Connection, account: str, refund: JSON, type: str, amount: int) -> str:
    """The id of the balance transaction by which the money left, or came back since the refund failed."""
    description = f"{'REFUND FAILURE' if amount > 0 else 'REFUND'} FOR CHARGE ({refund['charge']})"
    transaction = balance_transactions.record(db, account, refund, type=type, amount=amount, description=description)
    return str(transaction["id"])


def count(db: sqlite3.Connection, account: str, charge: JSON, amount: int) -> JSON:
    refunded = charge["amount_refunded"] + amount
    charge |= {"amount_refunded": refunded, "refunded": refunded == charge["amount"]}
    return store.save(db, account, charge)


def due(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """The account and id of each refund on which the bank has decided by now."""
    rows = db.execute(
        "SELECT account, id FROM objects WHERE type = 'refund'"
        " AND json_extract(json, '$._settles_at') IS NOT NULL"
        " AND json_extract(json, '$._settles_at') <= ? ORDER BY sequence",
        (clock.now(),),
    )
    return rows.fetchall()


def next_due_at() -> int | None:
    """When the bank will decide next; None if nothing is before it."""
    with store.reading() as db:
        row = db.execute(
            "SELECT MIN(json_extract(json, '$._settles_at')) FROM objects"
            " WHERE type = 'refund' AND json_extract(json, '$._settles_at') IS NOT NULL"
        ).fetchone()
    return None if row[0] is None else int(row[0])


def settle(db: sqlite3.Connection, account: str, id: str) -> None:
    refund = store.get(db, account, "refund", id)
    del refund["_settles_at"]
    refund |= {"pending_reason": None, "status": refund["_comes_to"]}
    if refund["status"] == "failed":
        came_back = booked(db, account, refund, "refund_failure", refund["amount"])
        refund |= {"failure_balance_transaction": came_back, "failure_reason": "expired_or_canceled_card"}
        count(db, account, store.get(db, account, "charge", refund["charge"]), -refund["amount"])
    store.save(db, account, refund)
    events.record(db, account, "refund.updated", refund)
    if refund["status"] == "failed":
        events.record(db, account, "refund.failed", refund)
