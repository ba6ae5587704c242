"""What a payer does on the hosted page: pays, is declined, confirms. In turn, so that nobody pays twice."""

import sqlite3

from payments.sandbox import store
from payments.sandbox.objects import coupons, events, payment_intents
from payments.sandbox.objects.new_session import customer_details
from payments.sandbox.paying import attempts, overdue
from payments.sandbox.paying.attempts import Outcome
from payments.sandbox.paying.cards import Card
from payments.sandbox.paying.rehearsal import Rehearsal
from payments.sandbox.store import JSON

# What the session says of a payment that came to this.
PAYMENT_STATUS = {Outcome.PAID: "paid", Outcome.PROCESSING: "unpaid"}


def find_session(id: str) -> tuple[str, JSON] | None:
    """The session and whose it is: the address of its page is all that a payer brings."""
    overdue.catch_up()
    with store.reading() as db:
        account = store.account_of(db, "checkout.session", id)
        return (account, store.get(db, account, "checkout.session", id)) if account else None


def session_of(account: str, id: str) -> JSON:
    with store.reading() as db:
        return store.get(db, account, "checkout.session", id)


def pay(account: str, id: str, card: Card, email: str, rehearsal: Rehearsal) -> Outcome:
    with store.writing() as db:
        session = store.get(db, account, "checkout.session", id)
        if session["status"] != "open":
            return Outcome.CLOSED
        intent = intent_of(db, account, session)
        outcome = attempts.give_card(db, account, intent, card, email, rehearsal)
        if outcome in PAYMENT_STATUS:
            complete(db, account, session, PAYMENT_STATUS[outcome], email, rehearsal)
        return outcome


def confirm(account: str, id: str, *, succeeds: bool) -> Outcome:
    """The payer's answer to the bank, for the card that was given last."""
    with store.writing() as db:
        session = store.get(db, account, "checkout.session", id)
        if session["status"] != "open" or not session["payment_intent"]:
            return Outcome.CLOSED
        intent = store.get(db, account, "payment_intent", session["payment_intent"])
        outcome = attempts.answer(db, account, intent, succeeds=succeeds)
        if outcome in PAYMENT_STATUS:
            method = store.get(db, account, "payment_method", intent["payment_method"])
            email = method["billing_details"]["email"]
            complete(db, account, session, PAYMENT_STATUS[outcome], email, Rehearsal.of(intent))
        return outcome


def order(account: str, id: str, email: str, rehearsal: Rehearsal) -> Outcome:
    """Where there is nothing to pay, the payer only completes the order."""
    with store.writing() as db:
        session = store.get(db, account, "checkout.session", id)
        if session["status"] != "open":
            return Outcome.CLOSED
        complete(db, account, session, session["payment_status"], email, rehearsal)
        return Outcome.PAID


def intent_of(db: sqlite3.Connection, account: str, session: JSON) -> JSON:
    """The session's one intent, made at the first attempt."""
    if session["payment_intent"]:
        return store.get(db, account, "payment_intent", session["payment_intent"])
    data = session["_payment_intent_data"] | {"_session": session["id"]}
    intent = payment_intents.create(db, account, session["amount_total"], session["currency"], data)
    session["payment_intent"] = intent["id"]
    store.save(db, account, session)
    return intent


def complete(
    db: sqlite3.Connection, account: str, session: JSON, payment_status: str, email: str, rehearsal: Rehearsal
) -> None:
    session |= {
        "customer_details": customer_details(email),
        "payment_status": payment_status,
        "status": "complete",
        "url": None,
    }
    store.save(db, account, session)
    coupons.redeem(db, account, session)
    events.record(db, account, "checkout.session.completed", session, webhook=rehearsal.webhook)


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
