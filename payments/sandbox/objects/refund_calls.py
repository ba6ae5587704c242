"""Refunds as the shop asks for them: made, read, listed. Those of cards cannot be canceled."""

from payments.sandbox import store
from payments.sandbox.errors import ApiError, missing_parameter
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import Integer, Metadata, NotServed, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.objects import events, refunds
from payments.sandbox.objects.changes import MetadataChange, changed
from payments.sandbox.store import JSON

NOT_SERVED = "currency customer instructions_email origin refund_application_fee reverse_transfer"
REFUND: dict[str, Parameter] = {
    **dict.fromkeys(NOT_SERVED.split(), NotServed()),
    "amount": Integer(least=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Text(choices=("duplicate", "fraudulent", "requested_by_customer")),
}
UPDATE: dict[str, Parameter] = {"metadata": MetadataChange()}
FILTERS: dict[str, Parameter] = {"charge": Text(), "payment_intent": Text()}


def create_refund(call: Call) -> JSON:
    params = call.read(REFUND)
    charge = charge_of(call, params)
    amount = params.get("amount", charge["amount"] - charge["amount_refunded"])
    refunds.check(call.db, call.account, charge, amount)
    data: JSON = {name: params[name] for name in ("metadata", "reason") if name in params}
    return refunds.create(call.db, call.account, charge, amount, data, call)


def charge_of(call: Call, params: JSON) -> JSON:
    """The charge that is to be refunded, by its own id or by that of its PaymentIntent."""
    if "charge" in params:
        charge = store.get(call.db, call.account, "charge", params["charge"], param="charge")
    elif "payment_intent" in params:
        intent = store.get(call.db, call.account, "payment_intent", params["payment_intent"], param="payment_intent")
        charge = store.find(call.db, call.account, intent["latest_charge"] or "") or {}
    else:
        raise missing_parameter("payment_intent")
    if charge.get("status") != "succeeded":
        named = params.get("charge") or f"This PaymentIntent ({params['payment_intent']})"
        raise ApiError(f"{named} does not have a successful charge to refund.")
    return charge


def retrieve_refund(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "refund", call.id)


def list_refunds(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    wanted = {name: params[name] for name in FILTERS if name in params}
    return list_of(call, "refund", "/v1/refunds", params, lambda refund: wanted.items() <= refund.items())


def update_refund(call: Call) -> JSON:
    refund = changed(store.get(call.db, call.account, "refund", call.id), call.read(UPDATE))
    events.record(call.db, call.account, "refund.updated", refund, call=call)
    return store.save(call.db, call.account, refund)


def cancel_refund(call: Call) -> JSON:
    """Stripe cancels what waits for the customer (`requires_action`); no refund to a card ever does."""
    call.read({})
    refund = store.get(call.db, call.account, "refund", call.id)
    raise ApiError(f"Refunds with a status of {refund['status']} cannot be canceled.")


ROUTES: Routes = {
    ("GET", "/v1/refunds"): list_refunds,
    ("POST", "/v1/refunds"): create_refund,
    ("GET", "/v1/refunds/{id}"): retrieve_refund,
    ("POST", "/v1/refunds/{id}"): update_refund,
    ("POST", "/v1/refunds/{id}/cancel"): cancel_refund,
}
