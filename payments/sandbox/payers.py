"""What a payer does on the hosted page: pays, is declined, confirms. In turn, so that nobody pays twice."""

import sqlite3
from enum import Enum

from payments.sandbox import checkout_sessions, events, payment_intents, payment_methods, store
from payments.sandbox.cards import Behavior, Card
from payments.sandbox.deliveries import Webhook
from payments.sandbox.new_session import customer_details
from payments.sandbox.store import JSON

DECLINED = {
    "code": "card_declined",
    "decline_code": "generic_decline",
    "doc_url": "https://stripe.com/docs/error-codes/card-declined",
    "message": "Your card was declined.",
}
NOT_AUTHENTICATED = {
    "code": "payment_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
    "message": "We are unable to authenticate your payment method. Please choose a different payment method.",
}


class Outcome(Enum):
    PAID = "paid"
    DECLINED = "declined"
    TO_CONFIRM = "to confirm"
    NOT_CONFIRMED = "not confirmed"
    # Nothing was done: the session has been paid or has expired meanwhile.
    CLOSED = "closed"


def find_session(id: str) -> tuple[str, JSON] | None:
    """The session and whose it is: the address of its page is all that a payer brings."""
    checkout_sessions.expire_overdue()
    with store.reading() as db:
        account = store.account_of(db, "checkout.session", id)
        return (account, store.get(db, account, "checkout.session", id)) if account else None


def session_of(account: str, id: str) -> JSON:
    with store.reading() as db:
        return store.get(db, account, "checkout.session", id)


def pay(account: str, id: str, card: Card, email: str, webhook: Webhook) -> Outcome:
    with store.writing() as db:
        session = store.get(db, account, "checkout.session", id)
        if session["status"] != "open":
            return Outcome.CLOSED
        intent = intent_of(db, account, session)
        method = payment_methods.create(db, account, card, email)
        if card.behavior is Behavior.AUTHENTICATES:
            payment_intents.require_action(db, account, intent, method, webhook)
            return Outcome.TO_CONFIRM
        if card.behavior is Behavior.DECLINES:
            payment_intents.fail(db, account, intent, method, dict(DECLINED), webhook)
            return Outcome.DECLINED
        complete(db, account, session, intent, method, webhook)
        return Outcome.PAID


def confirm(account: str, id: str, *, succeeds: bool, webhook: Webhook) -> Outcome:
    """The payer's answer to the bank, for the card that was given last."""
    with store.writing() as db:
        session = store.get(db, account, "checkout.session", id)
        if session["status"] != "open" or not session["payment_intent"]:
            return Outcome.CLOSED
        intent = store.get(db, account, "payment_intent", session["payment_intent"])
        if intent["status"] != "requires_action":
            return Outcome.CLOSED
        method = store.get(db, account, "payment_method", intent["payment_method"])
        if not succeeds:
            payment_intents.fail(db, account, intent, method, dict(NOT_AUTHENTICATED), webhook)
            return Outcome.NOT_CONFIRMED
        complete(db, account, session, intent, method, webhook)
        return Outcome.PAID


def intent_of(db: sqlite3.Connection, account: str, session: JSON) -> JSON:
    """The session's one intent, made at the first attempt."""
    if session["payment_intent"]:
        return store.get(db, account, "payment_intent", session["payment_intent"])
    intent = payment_intents.create(
        db, account, session["amount_total"], session["currency"], session["_payment_intent_data"]
    )
    session["payment_intent"] = intent["id"]
    store.save(db, account, session)
    return intent


def complete(db: sqlite3.Connection, account: str, session: JSON, intent: JSON, method: JSON, webhook: Webhook) -> None:
    payment_intents.succeed(db, account, intent, method, webhook)
    session |= {
        "customer_details": customer_details(method["billing_details"]["email"]),
        "payment_status": "paid",
        "status": "complete",
        "url": None,
    }
    store.save(db, account, session)
    events.record(db, account, "checkout.session.completed", session, webhook=webhook)


def awaits_confirmation(account: str, session: JSON) -> bool:
    intent = attempted_intent(account, session)
    return intent is not None and intent["status"] == "requires_action"


def last_failure(account: str, session: JSON) -> JSON | None:
    """The error that the last attempt ended in, for the payer who comes back to the page."""
    intent = attempted_intent(account, session)
    return intent["last_payment_error"] if intent else None


def attempted_intent(account: str, session: JSON) -> JSON | None:
    with store.reading() as db:
        return store.find(db, account, session["payment_intent"] or "")
