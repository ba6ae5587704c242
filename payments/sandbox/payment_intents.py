"""PaymentIntents: one for each Checkout Session, from the payer's first attempt on."""

import sqlite3

from payments.sandbox import charges, clock, events, store
from payments.sandbox.deliveries import Webhook
from payments.sandbox.ids import new_id
from payments.sandbox.lists import PAGE, list_of
from payments.sandbox.parameters import NotServed, Parameter
from payments.sandbox.routing import Call, Routes
from payments.sandbox.store import JSON

FILTERS: dict[str, Parameter] = {"customer": NotServed(), "customer_account": NotServed()}
NULL_FIELDS = """
    amount_details application application_fee_amount automatic_payment_methods canceled_at
    cancellation_reason customer customer_account description excluded_payment_method_types
    last_payment_error latest_charge managed_payments next_action on_behalf_of payment_method
    payment_method_configuration_details presentment_details processing receipt_email review
    setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data
    transfer_group
"""


def create(db: sqlite3.Connection, account: str, amount: int, currency: str, data: JSON) -> JSON:
    """An intent that has no card yet; `data` are the fields its maker chose."""
    id = new_id("pi_3")
    intent: JSON = dict.fromkeys(NULL_FIELDS.split()) | {
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{id}_secret_{new_id('', 25)}",
        "confirmation_method": "automatic",
        "created": clock.now(),
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }
    store.save(db, account, intent | data)
    events.record(db, account, "payment_intent.created", intent | data)
    return intent | data


def require_action(db: sqlite3.Connection, account: str, intent: JSON, method: JSON, webhook: Webhook) -> JSON:
    """The card's bank wants the payer to confirm."""
    intent |= {
        "last_payment_error": None,
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}},
        "payment_method": method["id"],
        "status": "requires_action",
    }
    store.save(db, account, intent)
    events.record(db, account, "payment_intent.requires_action", intent, webhook=webhook)
    return intent


def succeed(db: sqlite3.Connection, account: str, intent: JSON, method: JSON, webhook: Webhook) -> JSON:
    charge = charges.create(db, account, intent, method, failure=None)
    intent |= {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": method["id"],
        "status": "succeeded",
    }
    store.save(db, account, intent)
    events.record(db, account, "payment_intent.succeeded", intent, webhook=webhook)
    events.record(db, account, "charge.succeeded", charge, webhook=webhook)
    return intent


def fail(db: sqlite3.Connection, account: str, intent: JSON, method: JSON, error: JSON, webhook: Webhook) -> JSON:
    """Back to asking for a card. A decline leaves a failed charge; without authentication none was tried."""
    if "decline_code" in error:
        charge = charges.create(db, account, intent, method, failure=error)
        events.record(db, account, "charge.failed", charge, webhook=webhook)
        intent |= {"latest_charge": charge["id"]}
        error |= {"charge": charge["id"]}
    intent |= {
        "last_payment_error": error | {"type": "card_error", "payment_method": method},
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    store.save(db, account, intent)
    events.record(db, account, "payment_intent.payment_failed", intent, webhook=webhook)
    return intent


def cancel(db: sqlite3.Connection, account: str, intent: JSON, reason: str, call: Call | None = None) -> JSON:
    intent |= {
        "canceled_at": clock.now(),
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    store.save(db, account, intent)
    events.record(db, account, "payment_intent.canceled", intent, call=call)
    return intent


def retrieve_payment_intent(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "payment_intent", call.id)


def list_payment_intents(call: Call) -> JSON:
    return list_of(call, "payment_intent", "/v1/payment_intents", call.read(PAGE | FILTERS), lambda _: True)


ROUTES: Routes = {
    ("GET", "/v1/payment_intents"): list_payment_intents,
    ("GET", "/v1/payment_intents/{id}"): retrieve_payment_intent,
}
