"""Coupons: a percentage or an amount off, under an id that the shop may choose."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.errors import ApiError
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.objects import events
from payments.sandbox.objects.changes import changed
from payments.sandbox.objects.coupon_parameters import COUPON, UPDATE, check, check_options
from payments.sandbox.store import JSON

# As they were sent, or null.
ECHOED_FIELDS = "amount_off duration_in_months max_redemptions name percent_off redeem_by"


def create_coupon(call: Call) -> JSON:
    params = call.read(COUPON)
    check(params)
    id = params.get("id") or new_id("", 8)
    if store.find(call.db, call.account, id):
        raise ApiError("Coupon already exists.", code="resource_already_exists", param="id")
    coupon = store.save(call.db, call.account, new_coupon(id, params))
    events.record(call.db, call.account, "coupon.created", coupon, call=call)
    return coupon


def new_coupon(id: str, params: JSON) -> JSON:
    return {
        **{name: params.get(name) for name in ECHOED_FIELDS.split()},
        "id": id,
        "object": "coupon",
        "created": clock.now(),
        "currency": params["currency"].lower() if "currency" in params else None,
        "duration": params.get("duration", "once"),
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "times_redeemed": 0,
        "valid": True,
        "_currency_options": options_of(params, params.get("currency_options", {})),
    }


def options_of(coupon: JSON, others: JSON) -> JSON | None:
    """What is taken off in each currency, the coupon's own included; null for a percentage."""
    if not coupon.get("amount_off"):
        return None
    return {**others, coupon["currency"].lower(): {"amount_off": coupon["amount_off"]}}


def retrieve_coupon(call: Call) -> JSON:
    call.read({})
    return as_of_now(store.get(call.db, call.account, "coupon", call.id))


def list_coupons(call: Call) -> JSON:
    page = list_of(call, "coupon", "/v1/coupons", call.read(PAGE), lambda _: True)
    return page | {"data": [as_of_now(coupon) for coupon in page["data"]]}


def update_coupon(call: Call) -> JSON:
    coupon = store.get(call.db, call.account, "coupon", call.id)
    params = call.read(UPDATE)
    check_options(coupon | params)
    others = (coupon["_currency_options"] or {}) | params.pop("currency_options", {})
    coupon = changed(coupon, params) | {"_currency_options": options_of(coupon, others)}
    coupon = store.save(call.db, call.account, as_of_now(coupon))
    events.record(call.db, call.account, "coupon.updated", coupon, call=call)
    return coupon


def delete_coupon(call: Call) -> JSON:
    call.read({})
    coupon = store.get(call.db, call.account, "coupon", call.id)
    store.delete(call.db, call.account, coupon["id"])
    events.record(call.db, call.account, "coupon.deleted", coupon, call=call)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def redeem(db: sqlite3.Connection, account: str, session: JSON) -> None:
    """Count the coupon of a completed session; it may have been deleted meanwhile."""
    for discount in session["discounts"] or []:
        coupon = store.find(db, account, discount["coupon"])
        if coupon:
            coupon["times_redeemed"] += 1
            store.save(db, account, as_of_now(coupon))


def as_of_now(coupon: JSON) -> JSON:
    used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return coupon | {"valid": not used_up and not is_expired(coupon)}


def is_expired(coupon: JSON) -> bool:
    return coupon["redeem_by"] is not None and int(coupon["redeem_by"]) <= clock.now()


ROUTES: Routes = {
    ("GET", "/v1/coupons"): list_coupons,
    ("POST", "/v1/coupons"): create_coupon,
    ("GET", "/v1/coupons/{id}"): retrieve_coupon,
    ("POST", "/v1/coupons/{id}"): update_coupon,
    ("DELETE", "/v1/coupons/{id}"): delete_coupon,
}
