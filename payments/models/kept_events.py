"""An event is kept by one statement, once, however many tell of it at the same moment."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from django.db import connection
from django.utils import timezone

from payments.models.payments import Payment
from payments.models.shown import answered
from payments.models.stripe_records import StripeEvent

# Who waits for SQLite's lock looks again only now and then, and of many at once some never come in time.
line = threading.Lock()


def kept(values: Mapping[str, Any], *, presumed: StripeEvent.Outcome, payment: int | None) -> StripeEvent:
    """The event with these values, new or as it has become since it was kept.

    A new one's outcome is the presumed one, unless a payment of ours is found by the event's object or by its number.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    sought = (values["object_id"], values["object_id"], payment)
    with one_at_a_time():
        rows = answered(insertion(tuple(values)), [*values.values(), now, now, *sought, presumed.value])
    if not rows:
        return StripeEvent.objects.get(account=values["account"], event_id=values["event_id"])
    event = StripeEvent.from_db(connection.alias, ("id", "outcome"), rows[0])
    event.is_new = True
    return event


def one_at_a_time() -> AbstractContextManager[object]:
    return line if connection.vendor == "sqlite" else nullcontext()


@cache
def insertion(names: tuple[str, ...]) -> str:
    """Compiled once: the ORM asks whether it is there, writes in a transaction, and then looks for the payment."""
    event, payment = StripeEvent._meta.db_table, Payment._meta.db_table
    return (
        f"INSERT INTO {event} ({', '.join(names)}, is_cut_down, problem, received, changed, outcome)"  # noqa: S608
        f" VALUES ({'%s, ' * len(names)}FALSE, '', %s, %s, CASE WHEN EXISTS (SELECT 1 FROM {payment}"
        " WHERE checkout_session_id = %s OR payment_intent_id = %s OR id = %s) THEN 'received' ELSE %s END)"
        " ON CONFLICT (account, event_id) DO NOTHING RETURNING id, outcome"
    )
