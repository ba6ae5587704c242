"""Disputes: a cardholder contests a charge, the money is withdrawn, and comes back if the shop wins."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.objects import balance_transactions, events
from payments.sandbox.paying.cards import Behavior
from payments.sandbox.store import JSON
from payments.sandbox.webhooks.deliveries import Webhook

SECONDS_TO_ANSWER = 9 * 24 * 60 * 60
FILTERS: dict[str, Parameter] = {"charge": Text(), "payment_intent": Text()}
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
EVIDENCE = """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
    customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
    duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt
    refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation
    shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number
    uncategorized_file uncategorized_text
"""


def open_if_card_does(db: sqlite3.Connection, account: str, charge: JSON, webhook: Webhook) -> None:
    """An inquiry only asks: no money is withdrawn, and the charge can still be refunded."""
    if charge.get("_card") not in (Behavior.IS_DISPUTED.name, Behavior.IS_INQUIRED.name):
        return
    is_inquiry = charge.get("_card") == Behavior.IS_INQUIRED.name
    charge["disputed"] = True
    store.save(db, account, charge)
    dispute = new_dispute(charge, is_inquiry=is_inquiry)
    store.save(db, account, dispute)
    events.record(db, account, "charge.dispute.created", dispute, webhook=webhook)
    if not is_inquiry:
        move_funds(db, account, dispute, -charge["amount"], "charge.dispute.funds_withdrawn", webhook)


def new_dispute(charge: JSON, *, is_inquiry: bool) -> JSON:
    return {
        "id": new_id("du_1"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": clock.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE.split()), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": clock.now() + SECONDS_TO_ANSWER,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "general" if is_inquiry else "fraudulent",
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }


def move_funds(
    db: sqlite3.Connection, account: str, dispute: JSON, net: int, event: str, webhook: Webhook = Webhook.DELIVER
) -> None:
    what, category = ("withdrawal", "dispute") if net < 0 else ("reversal", "dispute_reversal")
    description = f"Chargeback {what} for {dispute['charge']}"
    dispute["balance_transactions"].append(
        balance_transactions.record(
            db, account, dispute, type="adjustment", category=category, amount=net, description=description
        )
    )
    store.save(db, account, dispute)
    events.record(db, account, event, dispute, webhook=webhook)


def forbid_refund(db: sqlite3.Connection, account: str, charge: JSON) -> bool:
    """Whether the bank has taken the money, or decided that it goes back."""
    return any(
        dispute["charge"] == charge["id"]
        and not dispute["is_charge_refundable"]
        and dispute["status"] in (*OPEN, "lost")
        for dispute in store.newest_first(db, account, "dispute")
    )


def submit_evidence(db: sqlite3.Connection, account: str, dispute: JSON) -> None:
    """The shop has answered, and the bank looks at it."""
    dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1, "submission_method": "manual"}
    store.save(db, account, dispute)
    events.record(db, account, "charge.dispute.updated", dispute)


def close(db: sqlite3.Connection, account: str, dispute: JSON, *, won: bool) -> None:
    """An inquiry that is answered goes no further; one that is not, the bank takes for a dispute, and wins."""
    withdrawn = -sum(moved["amount"] for moved in dispute["balance_transactions"])
    is_inquiry = dispute["status"].startswith("warning_")
    dispute |= {"is_charge_refundable": won, "status": ("warning_closed" if is_inquiry else "won") if won else "lost"}
    store.save(db, account, dispute)
    events.record(db, account, "charge.dispute.closed", dispute)
    if won and withdrawn:
        move_funds(db, account, dispute, withdrawn, "charge.dispute.funds_reinstated")
    if not won and not withdrawn:
        move_funds(db, account, dispute, -dispute["amount"], "charge.dispute.funds_withdrawn")


def retrieve_dispute(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "dispute", call.id)


def list_disputes(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    wanted = {name: params[name] for name in FILTERS if name in params}
    return list_of(call, "dispute", "/v1/disputes", params, lambda dispute: wanted.items() <= dispute.items())


ROUTES: Routes = {
    ("GET", "/v1/disputes"): list_disputes,
    ("GET", "/v1/disputes/{id}"): retrieve_dispute,
}
