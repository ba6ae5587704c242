"""PaymentIntents, made by the shop or at the first attempt on a Checkout Session, and what becomes of them."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.http.routing import Call
from payments.sandbox.ids import new_id
from payments.sandbox.objects import charges, disputes, events
from payments.sandbox.paying.rehearsal import BANK_SECONDS, Rehearsal
from payments.sandbox.store import JSON

NULL_FIELDS = """
    amount_details application application_fee_amount automatic_payment_methods canceled_at
    cancellation_reason customer customer_account description excluded_payment_method_types
    last_payment_error latest_charge managed_payments next_action on_behalf_of payment_method
    payment_method_configuration_details presentment_details processing receipt_email review
    setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data
    transfer_group
"""
# The states in which a card can be tried, and the amount changed.
PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(
    db: sqlite3.Connection, account: str, amount: int, currency: str, data: JSON, call: Call | None = None
) -> JSON:
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
        **data,
    }
    store.save(db, account, intent)
    events.record(db, account, "payment_intent.created", intent, call=call)
    return intent


def require_action(db: sqlite3.Connection, account: str, intent: JSON, method: JSON) -> None:
    """The card's bank wants the payer to confirm."""
    intent |= {
        "last_payment_error": None,
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}},
        "payment_method": method["id"],
        "status": "requires_action",
    }
    save(db, account, intent, "payment_intent.requires_action")


def process(db: sqlite3.Connection, account: str, intent: JSON, method: JSON) -> None:
    """The bank takes its time: see `bank`."""
    intent |= {
        "last_payment_error": None,
        "next_action": None,
        "payment_method": method["id"],
        "processing": {"type": "card"},
        "status": "processing",
        "_settles_at": clock.now() + BANK_SECONDS,
    }
    save(db, account, intent, "payment_intent.processing")


def succeed(db: sqlite3.Connection, account: str, intent: JSON, method: JSON) -> None:
    charge = charges.create(db, account, intent, method, failure=None)
    intent |= {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": method["id"],
        "processing": None,
        "status": "succeeded",
    }
    save(db, account, intent, "payment_intent.succeeded")
    webhook = Rehearsal.of(intent).webhook
    events.record(db, account, "charge.succeeded", charge, webhook=webhook)
    disputes.open_if_card_does(db, account, charge, webhook)


def fail(db: sqlite3.Connection, account: str, intent: JSON, method: JSON, error: JSON) -> None:
    """Back to asking for a card. A decline leaves a failed charge; without authentication none was tried."""
    if "decline_code" in error:
        charge = charges.create(db, account, intent, method, failure=error)
        events.record(db, account, "charge.failed", charge, webhook=Rehearsal.of(intent).webhook)
        intent |= {"latest_charge": charge["id"]}
        error = error | {"charge": charge["id"]}
    intent |= {
        "last_payment_error": error | {"type": "card_error", "payment_method": method},
        "next_action": None,
        "payment_method": None,
        "processing": None,
        "status": "requires_payment_method",
    }
    save(db, account, intent, "payment_intent.payment_failed")


def save(db: sqlite3.Connection, account: str, intent: JSON, event: str) -> None:
    store.save(db, account, intent)
    events.record(db, account, event, intent, webhook=Rehearsal.of(intent).webhook)


def cancel(db: sqlite3.Connection, account: str, intent: JSON, reason: str | None, call: Call | None = None) -> JSON:
    intent |= {
        "canceled_at": clock.now(),
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    store.save(db, account, intent)
    events.record(db, account, "payment_intent.canceled", intent, call=call)
    return intent
