"""Events: what happened in an account, with the object as it was then."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.errors import invalid
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import Boolean, ListOf, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.store import JSON
from payments.sandbox.webhooks import deliveries
from payments.sandbox.webhooks.deliveries import Webhook

API_VERSION = "2026-10-28.endive"
FILTERS: dict[str, Parameter] = {
    "type": Text(),
    "types": ListOf(Text(), most=20),
    "delivery_success": Boolean(),
}


def record(
    db: sqlite3.Connection,
    account: str,
    type: str,
    subject: JSON,
    *,
    webhook: Webhook = Webhook.DELIVER,
    call: Call | None = None,
) -> None:
    """Write the event and hand its webhook to the courier. `call` is the request that caused it, if any."""
    event: JSON = {
        "id": new_id("evt_1"),
        "object": "event",
        "account": None,
        "api_version": API_VERSION,
        "context": None,
        "created": clock.now(),
        "data": {"object": store.public(subject)},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {
            "id": call.request_id if call else None,
            "idempotency_key": call.idempotency_key if call else None,
        },
        "type": type,
    }
    store.save(db, account, event)
    deliveries.enqueue(db, account, event, webhook)


def retrieve_event(call: Call) -> JSON:
    call.read({})
    return as_of_now(call.db, call.account, store.get(call.db, call.account, "event", call.id))


def list_events(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    if "type" in params and "types" in params:
        raise invalid("types", "You may pass either `type` or `types`, but not both.")
    delivered = params.get("delivery_success")
    outcomes = {} if delivered is None else deliveries.successes(call.db, call.account)

    def keep(event: JSON) -> bool:
        return is_wanted(event["type"], params) and (delivered is None or outcomes.get(event["id"]) is delivered)

    page = list_of(call, "event", "/v1/events", params, keep)
    return page | {"data": [as_of_now(call.db, call.account, event) for event in page["data"]]}


def is_wanted(type: str, params: JSON) -> bool:
    wanted = params.get("type", "*")
    if wanted.endswith("*"):
        return type.startswith(wanted[:-1]) and type in params.get("types", [type])
    return bool(type == wanted)


def as_of_now(db: sqlite3.Connection, account: str, event: JSON) -> JSON:
    return event | {"pending_webhooks": deliveries.pending(db, account, event["id"])}


ROUTES: Routes = {
    ("GET", "/v1/events"): list_events,
    ("GET", "/v1/events/{id}"): retrieve_event,
}
