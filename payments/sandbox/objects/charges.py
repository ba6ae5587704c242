"""Charges: each attempt to take the money, successful or not."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import NotServed, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.objects import balance_transactions
from payments.sandbox.store import JSON

FILTERS: dict[str, Parameter] = {
    "customer": NotServed(),
    "payment_intent": Text(),
    "transfer_group": NotServed(),
}
NULL_FIELDS = """
    application application_fee application_fee_amount balance_transaction customer
    failure_balance_transaction failure_code failure_message on_behalf_of receipt_number receipt_url review
    shipping source source_transfer transfer transfer_data transfer_group
"""


def create(db: sqlite3.Connection, account: str, intent: JSON, method: JSON, *, failure: JSON | None) -> JSON:
    """One attempt on the intent with this card; `failure` is the error it ended in."""
    charge: JSON = dict.fromkeys(NULL_FIELDS.split()) | {
        "id": new_id("ch_3"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if failure else intent["amount"],
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": None if failure else intent["statement_descriptor"],
        "captured": not failure,
        "created": clock.now(),
        "currency": intent["currency"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": outcome(failure),
        "paid": not failure,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": card_details(method["card"]), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if failure else "succeeded",
        "_card": intent.get("_card"),
    }
    if failure:
        charge |= {"failure_code": failure["code"], "failure_message": failure["message"]}
    else:
        charge["balance_transaction"] = booked(db, account, charge)
    return store.save(db, account, charge)


def booked(db: sqlite3.Connection, account: str, charge: JSON) -> str:
    """The id of the balance transaction by which the money arrived."""
    transaction = balance_transactions.record(
        db, account, charge, type="charge", amount=charge["amount"], description=charge["description"] or ""
    )
    return str(transaction["id"])


def outcome(failure: JSON | None) -> JSON:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": "01" if failure else None,
        "network_status": "declined_by_network" if failure else "approved_by_network",
        "reason": failure["decline_code"] if failure else None,
        "risk_level": "normal",
        "seller_message": failure["message"] if failure else "Payment complete.",
        "type": "issuer_declined" if failure else "authorized",
    }


def card_details(card: JSON) -> JSON:
    same = ("brand", "country", "exp_month", "exp_year", "funding", "last4")
    return {name: card[name] for name in same} | {
        "network": card["brand"],
        "three_d_secure": None,
        "wallet": None,
    }


def retrieve_charge(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "charge", call.id)


def list_charges(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    intent = params.get("payment_intent")
    return list_of(call, "charge", "/v1/charges", params, lambda charge: intent in (None, charge["payment_intent"]))


ROUTES: Routes = {
    ("GET", "/v1/charges"): list_charges,
    ("GET", "/v1/charges/{id}"): retrieve_charge,
}
