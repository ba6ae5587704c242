"""What time alone brings about: sessions expire, the bank decides, also on refunds. Caught up with on every touch."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.objects import checkout_sessions, refunds
from payments.sandbox.paying import bank


def catch_up() -> None:
    """So that nobody sees what is over as if it were not, even after a restart."""
    with store.reading() as db:
        anything = overdue_sessions(db) or bank.due(db) or refunds.due(db)
    if anything:
        with store.writing() as db:
            for account, id in overdue_sessions(db):
                checkout_sessions.expire(db, account, store.get(db, account, "checkout.session", id))
            for account, id in bank.due(db):
                bank.settle(db, account, id)
            for account, id in refunds.due(db):
                refunds.settle(db, account, id)


def overdue_sessions(db: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = db.execute(
        "SELECT account, id FROM objects WHERE type = 'checkout.session'"
        " AND json_extract(json, '$.status') = 'open' AND json_extract(json, '$.expires_at') < ?",
        (clock.now(),),
    )
    return rows.fetchall()
