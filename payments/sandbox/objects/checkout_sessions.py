"""Checkout Sessions: opened by the shop, paid on the hosted page, or expired."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.errors import ApiError, invalid, not_served
from payments.sandbox.http.lists import PAGE, list_of, page
from payments.sandbox.http.parameters import NotServed, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.objects import adjustments, events, line_items, payment_intents
from payments.sandbox.objects.checkout_parameters import SESSION
from payments.sandbox.objects.new_session import new_session
from payments.sandbox.store import JSON
from payments.sandbox.webhooks import deliveries
from payments.sandbox.webhooks.addresses import check_email, check_url

FILTERS: dict[str, Parameter] = {
    **dict.fromkeys(("customer", "customer_account", "customer_details"), NotServed()),
    **dict.fromkeys(("payment_link", "subscription"), NotServed()),
    "payment_intent": Text(),
    "status": Text(choices=("complete", "expired", "open")),
}
SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60


def create_session(call: Call) -> JSON:
    params = call.read(SESSION)
    check(params)
    currency = line_items.check(params["line_items"])
    id = new_id("cs_test_", 58)
    adjusted = adjustments.read(call.db, call.account, id, params, currency)
    lines = line_items.create_all(call.db, call.account, params["line_items"], adjusted, currency)
    deliveries.remember_endpoint(call.db, call.account, params["success_url"])
    return store.save(call.db, call.account, new_session(id, params, lines, adjusted.coupon))


def check(params: JSON) -> None:
    if params["mode"] != "payment":
        raise not_served(f"mode={params['mode']}")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_served(f"ui_mode={params['ui_mode']}")
    if params.get("automatic_tax", {}).get("enabled"):
        raise not_served("automatic_tax[enabled]=true")
    for name in ("success_url", "cancel_url"):
        check_url(name, params.get(name, "http://localhost"))
    check_email("customer_email", params.get("customer_email", "payer@example.com"))
    check_expiry(params.get("expires_at", clock.now() + LONGEST) - clock.now())


def check_expiry(seconds: int) -> None:
    if not SHORTEST <= seconds <= LONGEST:
        message = "The `expires_at` timestamp must be 30 minutes to 24 hours after Checkout Session creation."
        raise invalid("expires_at", message)


def retrieve_session(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "checkout.session", call.id)


def list_sessions(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    wanted = {name: params[name] for name in ("payment_intent", "status") if name in params}
    return list_of(
        call,
        "checkout.session",
        "/v1/checkout/sessions",
        params,
        lambda session: wanted.items() <= session.items(),
    )


def list_line_items(call: Call) -> JSON:
    params = call.read({name: PAGE[name] for name in ("limit", "starting_after", "ending_before")})
    lines: JSON = store.get(call.db, call.account, "checkout.session", call.id)["_line_items"]
    ids = [line["id"] for line in lines["data"]]
    after = params.get("starting_after")
    first = ids.index(after) + 1 if after in ids else 0
    return page(lines["url"], lines["data"][first:], params.get("limit", 10))


def expire_session(call: Call) -> JSON:
    call.read({})
    session = store.get(call.db, call.account, "checkout.session", call.id)
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session '
            f"has a status of `{session['status']}`."
        )
    return expire(call.db, call.account, session, call)


def expire(db: sqlite3.Connection, account: str, session: JSON, call: Call | None = None) -> JSON:
    """Nobody can pay it any more, so the intent of a failed attempt goes with it."""
    session |= {"status": "expired", "url": None}
    store.save(db, account, session)
    events.record(db, account, "checkout.session.expired", session, call=call)
    if session["payment_intent"]:
        intent = store.get(db, account, "payment_intent", session["payment_intent"])
        payment_intents.cancel(db, account, intent, "expired", call)
    return session


ROUTES: Routes = {
    ("GET", "/v1/checkout/sessions"): list_sessions,
    ("POST", "/v1/checkout/sessions"): create_session,
    ("GET", "/v1/checkout/sessions/{id}"): retrieve_session,
    ("POST", "/v1/checkout/sessions/{id}/expire"): expire_session,
    ("GET", "/v1/checkout/sessions/{id}/line_items"): list_line_items,
}
