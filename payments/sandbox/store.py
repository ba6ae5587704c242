"""What the stand-in remembers, in an SQLite file of its own: the shop's database never hears of it.

A connection lives as long as one operation, so that threads and forked workers have none to share.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeAlias

from django.conf import settings

from payments.sandbox.errors import no_such

JSON: TypeAlias = dict[str, Any]

TIMEOUT = 20
SCHEMA_VERSION = 4
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, created INTEGER NOT NULL, json TEXT NOT NULL,
    UNIQUE (account, id)
);
CREATE INDEX IF NOT EXISTS objects_of_type ON objects (account, type, sequence);
CREATE INDEX IF NOT EXISTS objects_by_id ON objects (id);
CREATE INDEX IF NOT EXISTS open_sessions ON objects (json_extract(json, '$.expires_at'))
    WHERE type = 'checkout.session' AND json_extract(json, '$.status') = 'open';
CREATE INDEX IF NOT EXISTS processing_intents ON objects (json_extract(json, '$._settles_at'))
    WHERE type = 'payment_intent' AND json_extract(json, '$.status') = 'processing';
CREATE INDEX IF NOT EXISTS refunds_under_way ON objects (json_extract(json, '$._settles_at'))
    WHERE type = 'refund' AND json_extract(json, '$._settles_at') IS NOT NULL;
CREATE TABLE IF NOT EXISTS idempotency_records (
    account TEXT NOT NULL, key TEXT NOT NULL,
    request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS endpoints (account TEXT PRIMARY KEY, url TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL, event TEXT NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL,
    due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, claimed_at INTEGER NOT NULL DEFAULT 0,
    endpoint TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'pending';
"""


@contextmanager
def reading() -> Iterator[sqlite3.Connection]:
    """One consistent look, which waits for no writer."""
    with closing(connect()) as db:
        db.execute("BEGIN")
        yield db


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """All or nothing, one writer at a time over all processes."""
    with closing(connect()) as db:
        db.execute("BEGIN IMMEDIATE")
        with db:
            yield db


def connect() -> sqlite3.Connection:
    db = sqlite3.connect(settings.STRIPE_SANDBOX_DATABASE, timeout=TIMEOUT, isolation_level=None)
    db.execute("PRAGMA synchronous = NORMAL")
    if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        prepare(db)
    return db


def prepare(db: sqlite3.Connection) -> None:
    switch_to_wal(db)
    db.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
    with db:
        if "endpoint" not in {column[1] for column in db.execute("PRAGMA table_info(deliveries)")}:
            db.execute("ALTER TABLE deliveries ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def switch_to_wal(db: sqlite3.Connection) -> None:
    """The connection's timeout does not cover the switch, in which those that come first get in each other's way."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def save(db: sqlite3.Connection, account: str, document: JSON) -> JSON:
    """Write a document, new or changed. Fields that begin with `_` are the stand-in's own: see `public`."""
    db.execute(
        "INSERT INTO objects (account, id, type, created, json) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account, id) DO UPDATE SET json = excluded.json",
        (account, document["id"], document["object"], document["created"], json.dumps(document)),
    )
    return document


def delete(db: sqlite3.Connection, account: str, id: str) -> None:
    db.execute("DELETE FROM objects WHERE account = ? AND id = ?", (account, id))


def find(db: sqlite3.Connection, account: str, id: str) -> JSON | None:
    row = db.execute("SELECT json FROM objects WHERE account = ? AND id = ?", (account, id)).fetchone()
    return load(row[0]) if row else None


def get(db: sqlite3.Connection, account: str, type: str, id: str, *, param: str = "", status: int = 404) -> JSON:
    """The account's own object; to any other account there is no such thing."""
    document = find(db, account, id)
    if document is None or document["object"] != type:
        raise no_such(type, id, param=param, status=status)
    return document


def account_of(db: sqlite3.Connection, type: str, id: str) -> str | None:
    """Whose the object is: a payer brings only the id."""
    row = db.execute("SELECT account FROM objects WHERE id = ? AND type = ?", (id, type)).fetchone()
    return str(row[0]) if row else None


def newest_first(db: sqlite3.Connection, account: str, type: str, after: str = "") -> Iterator[JSON]:
    """The account's objects of a type, from the one before `after` on."""
    cursor = get(db, account, type, after, param="starting_after", status=400)["id"] if after else None
    rows = db.execute(
        "SELECT json FROM objects WHERE account = :account AND type = :type AND (:after IS NULL OR sequence <"
        " (SELECT sequence FROM objects WHERE account = :account AND id = :after)) ORDER BY sequence DESC",
        {"account": account, "type": type, "after": cursor},
    )
    return (load(row[0]) for row in rows)


def load(text: str) -> JSON:
    document: JSON = json.loads(text)
    return document


def public(document: JSON) -> JSON:
    """The document as anybody outside sees it."""
    return {name: value for name, value in document.items() if not name.startswith("_")}
