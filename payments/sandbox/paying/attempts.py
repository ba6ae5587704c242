"""One attempt of a card on a PaymentIntent, and the payer's answer to the bank."""

import sqlite3
from enum import Enum

from django.utils.translation import gettext_noop

from payments.sandbox import store
from payments.sandbox.objects import payment_intents, payment_methods
from payments.sandbox.paying.cards import Behavior, Card
from payments.sandbox.paying.rehearsal import Bank, Rehearsal
from payments.sandbox.store import JSON

DECLINED = {
    "code": "card_declined",
    "decline_code": "generic_decline",
    "doc_url": "https://stripe.com/docs/error-codes/card-declined",
    "message": gettext_noop("Your card was declined."),
}
NOT_AUTHENTICATED = {
    "code": "payment_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
    "message": gettext_noop(
        "We are unable to authenticate your payment method. Please choose a different payment method."
    ),
}


class Outcome(Enum):
    PAID = "paid"
    PROCESSING = "processing"
    DECLINED = "declined"
    TO_CONFIRM = "to confirm"
    NOT_CONFIRMED = "not confirmed"
    # Nothing was done: it has been paid or has expired meanwhile.
    CLOSED = "closed"


def give_card(
    db: sqlite3.Connection, account: str, intent: JSON, card: Card, email: str, rehearsal: Rehearsal
) -> Outcome:
    if intent["status"] not in payment_intents.PAYABLE:
        return Outcome.CLOSED
    intent |= {"_rehearsal": rehearsal.kept, "_card": card.behavior.name}
    method = payment_methods.create(db, account, card, email)
    if card.behavior is Behavior.AUTHENTICATES:
        payment_intents.require_action(db, account, intent, method)
        return Outcome.TO_CONFIRM
    if card.behavior is Behavior.DECLINES:
        payment_intents.fail(db, account, intent, method, DECLINED)
        return Outcome.DECLINED
    return charge(db, account, intent, method)


def answer(db: sqlite3.Connection, account: str, intent: JSON, *, succeeds: bool) -> Outcome:
    """For the card that was given last."""
    if intent["status"] != "requires_action":
        return Outcome.CLOSED
    method = store.get(db, account, "payment_method", intent["payment_method"])
    if not succeeds:
        payment_intents.fail(db, account, intent, method, NOT_AUTHENTICATED)
        return Outcome.NOT_CONFIRMED
    return charge(db, account, intent, method)


def charge(db: sqlite3.Connection, account: str, intent: JSON, method: JSON) -> Outcome:
    if Rehearsal.of(intent).bank is not Bank.AT_ONCE:
        payment_intents.process(db, account, intent, method)
        return Outcome.PROCESSING
    payment_intents.succeed(db, account, intent, method)
    return Outcome.PAID
