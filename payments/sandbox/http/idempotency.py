"""Idempotency keys: the first answer is kept and given again."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from payments.sandbox.errors import changed_parameters, invalid
from payments.sandbox.http.encoding import Sent


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    replayed: bool = False


def once(db: sqlite3.Connection, account: str, key: str | None, request: str, act: Callable[[], Reply]) -> Reply:
    """Act, unless this key was answered before. The transaction makes an equal request wait its turn."""
    if key is None:
        return act()
    if not 0 < len(key) <= 255:
        raise invalid("Idempotency-Key", "Idempotency keys are 1 to 255 characters long.")
    kept = recall(db, account, key, request)
    if kept:
        return kept
    reply = act()
    # What failed validation never began, so Stripe lets the key be used again.
    if reply.status != 400:
        keep(db, account, key, request, reply)
    return reply


def recall(db: sqlite3.Connection, account: str, key: str, request: str) -> Reply | None:
    row = db.execute(
        "SELECT request, status, body FROM idempotency_records WHERE account = ? AND key = ?", (account, key)
    ).fetchone()
    if row is None:
        return None
    if row[0] != request:
        raise changed_parameters(key)
    return Reply(row[1], row[2], replayed=True)


def keep(db: sqlite3.Connection, account: str, key: str, request: str, reply: Reply) -> None:
    db.execute(
        "INSERT INTO idempotency_records (account, key, request, status, body) VALUES (?, ?, ?, ?, ?)",
        (account, key, request, reply.status, reply.body),
    )


def fingerprint(method: str, path: str, sent: dict[str, Sent]) -> str:
    """Equal for equal requests, in whatever order their parameters came."""
    return hashlib.sha256(json.dumps([method, path, sent], sort_keys=True).encode()).hexdigest()
