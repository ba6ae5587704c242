"""Checkout Sessions: opened by the shop, paid on the hosted page, or expired."""

import sqlite3

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from payments.sandbox import clock, deliveries, events, line_items, payment_intents, store
from payments.sandbox.checkout_parameters import SESSION
from payments.sandbox.errors import ApiError, invalid, not_served
from payments.sandbox.lists import PAGE, list_of, page
from payments.sandbox.new_session import new_session
from payments.sandbox.parameters import NotServed, Parameter, Text
from payments.sandbox.routing import Call, Routes
from payments.sandbox.store import JSON

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
    lines = [line_items.create(call.db, call.account, line) for line in params["line_items"]]
    deliveries.remember_endpoint(call.db, call.account, params["success_url"])
    return store.save(call.db, call.account, new_session(params, lines, currency))


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


def check_url(name: str, url: str) -> None:
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/") or any(space in url for space in " \t\r\n"):
        message = f"Invalid URL: {name} must be a whole address that begins with http:// or https://."
        raise invalid(name, message, "url_invalid")


def check_email(name: str, email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise invalid(name, f"Invalid email address: {email[:100]}", "email_invalid") from None


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


def expire_overdue() -> None:
    """Expire what is past its time. Called on every touch, so nobody sees an open session that is not."""
    with store.reading() as db:
        overdue = overdue_sessions(db)
    if overdue:
        with store.writing() as db:
            for account, id in overdue_sessions(db):
                expire(db, account, store.get(db, account, "checkout.session", id))


def overdue_sessions(db: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = db.execute(
        "SELECT account, id FROM objects WHERE type = 'checkout.session'"
        " AND json_extract(json, '$.status') = 'open' AND json_extract(json, '$.expires_at') < ?",
        (clock.now(),),
    )
    return rows.fetchall()


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
