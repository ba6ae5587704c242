"""PaymentIntents as the shop asks for them: made, changed, canceled, read."""

from payments.sandbox import store
from payments.sandbox.errors import ApiError, no_such
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import NotServed, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.objects import payment_intents
from payments.sandbox.objects.changes import changed
from payments.sandbox.objects.intent_parameters import CANCEL, INTENT, UPDATE, check
from payments.sandbox.objects.payment_intents import PAYABLE
from payments.sandbox.store import JSON

FILTERS: dict[str, Parameter] = {"customer": NotServed(), "customer_account": NotServed()}
# Read and checked, but not fields of the intent.
NOT_KEPT = ("amount", "confirm", "currency", "use_stripe_sdk")


def create_payment_intent(call: Call) -> JSON:
    params = call.read(INTENT)
    check(params)
    data = {name: value for name, value in params.items() if name not in NOT_KEPT}
    data["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True} | data.get(
        "automatic_payment_methods", {}
    )
    currency = params["currency"].lower()
    return payment_intents.create(call.db, call.account, params["amount"], currency, data, call)


def update_payment_intent(call: Call) -> JSON:
    intent = store.get(call.db, call.account, "payment_intent", call.id)
    params = call.read(UPDATE)
    if intent["status"] not in PAYABLE:
        raise unexpected_state(intent, f"You may only update one with {named(PAYABLE)}.", "updated")
    updated = changed(intent, params)
    updated["currency"] = updated["currency"].lower()
    check(updated)
    return store.save(call.db, call.account, reconsidered(intent, updated))


def reconsidered(intent: JSON, updated: JSON) -> JSON:
    """Who was asked to confirm another amount did not agree to this one."""
    if (intent["amount"], intent["currency"]) == (updated["amount"], updated["currency"]):
        return updated
    if "_session" in intent:
        message = "The amount of a PaymentIntent created by Checkout cannot be updated."
        raise ApiError(message, code="payment_intent_unexpected_state")
    return updated | {"next_action": None, "payment_method": None, "status": "requires_payment_method"}


def cancel_payment_intent(call: Call) -> JSON:
    params = call.read(CANCEL)
    intent = store.get(call.db, call.account, "payment_intent", call.id)
    if "_session" in intent:
        message = "You cannot cancel PaymentIntents created by Checkout: expire the Checkout Session instead."
        raise ApiError(message, code="payment_intent_unexpected_state")
    if intent["status"] not in PAYABLE:
        raise unexpected_state(intent, f"Only one with {named(PAYABLE)} may be canceled.", "canceled")
    return payment_intents.cancel(call.db, call.account, intent, params.get("cancellation_reason"), call)


def unexpected_state(intent: JSON, allowed: str, done: str) -> ApiError:
    message = f"This PaymentIntent could not be {done} because it has a status of {intent['status']}. {allowed}"
    return ApiError(message, code="payment_intent_unexpected_state")


def named(statuses: tuple[str, ...]) -> str:
    return f"one of the following statuses: {', '.join(statuses)}"


def retrieve_payment_intent(call: Call) -> JSON:
    params = call.read({"client_secret": Text()})
    intent = store.get(call.db, call.account, "payment_intent", call.id)
    if params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise no_such("payment_intent", call.id, param="intent")
    return intent


def list_payment_intents(call: Call) -> JSON:
    return list_of(call, "payment_intent", "/v1/payment_intents", call.read(PAGE | FILTERS), lambda _: True)


ROUTES: Routes = {
    ("GET", "/v1/payment_intents"): list_payment_intents,
    ("POST", "/v1/payment_intents"): create_payment_intent,
    ("GET", "/v1/payment_intents/{id}"): retrieve_payment_intent,
    ("POST", "/v1/payment_intents/{id}"): update_payment_intent,
    ("POST", "/v1/payment_intents/{id}/cancel"): cancel_payment_intent,
}
