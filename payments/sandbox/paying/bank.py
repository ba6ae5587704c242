"""The bank that takes its time: what it decides on intents that are being processed, and when."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.objects import events, payment_intents
from payments.sandbox.paying.attempts import DECLINED
from payments.sandbox.paying.rehearsal import Bank, Rehearsal
from payments.sandbox.store import JSON


def next_due_at() -> int | None:
    """When the bank will decide next; None if nothing is before it."""
    with store.reading() as db:
        row = db.execute(
            "SELECT MIN(json_extract(json, '$._settles_at')) FROM objects"
            " WHERE type = 'payment_intent' AND json_extract(json, '$.status') = 'processing'"
        ).fetchone()
    return None if row[0] is None else int(row[0])


def due(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """The account and id of each intent on which the bank has decided by now."""
    rows = db.execute(
        "SELECT account, id FROM objects WHERE type = 'payment_intent'"
        " AND json_extract(json, '$.status') = 'processing'"
        " AND json_extract(json, '$._settles_at') <= ? ORDER BY sequence",
        (clock.now(),),
    )
    return rows.fetchall()


def settle(db: sqlite3.Connection, account: str, id: str) -> None:
    intent = store.get(db, account, "payment_intent", id)
    method = store.get(db, account, "payment_method", intent["payment_method"])
    succeeds = Rehearsal.of(intent).bank is not Bank.REFUSES
    if succeeds:
        payment_intents.succeed(db, account, intent, method)
    else:
        payment_intents.fail(db, account, intent, method, DECLINED)
    if "_session" in intent:
        tell_of_session(db, account, intent, succeeds=succeeds)


def tell_of_session(db: sqlite3.Connection, account: str, intent: JSON, *, succeeds: bool) -> None:
    """The session was complete but unpaid; now it is either paid, or never will be."""
    session = store.get(db, account, "checkout.session", intent["_session"])
    session["payment_status"] = "paid" if succeeds else "unpaid"
    store.save(db, account, session)
    event = f"checkout.session.async_payment_{'succeeded' if succeeds else 'failed'}"
    events.record(db, account, event, session, webhook=Rehearsal.of(intent).webhook)
