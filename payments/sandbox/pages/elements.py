"""What a payer does in the Payment Element, with nothing but the publishable key and the intent's client secret."""

import hmac
import sqlite3

from payments.sandbox import store
from payments.sandbox.errors import ApiError, no_such
from payments.sandbox.paying import attempts, overdue
from payments.sandbox.paying.attempts import Outcome
from payments.sandbox.paying.cards import Card
from payments.sandbox.paying.rehearsal import Rehearsal
from payments.sandbox.store import JSON
from payments.sandbox.webhooks import deliveries

# Of an intent, a browser sees no more.
SEEN = """
    id object amount amount_details automatic_payment_methods canceled_at cancellation_reason capture_method
    client_secret confirmation_method created currency description last_payment_error livemode next_action
    payment_method payment_method_configuration_details payment_method_types processing receipt_email
    setup_future_usage shipping source status
"""


def intent_of(account: str, id: str, client_secret: str) -> JSON:
    overdue.catch_up()
    with store.reading() as db:
        return find(db, account, id, client_secret)


def find(db: sqlite3.Connection, account: str, id: str, client_secret: str) -> JSON:
    """Raises an ApiError; those that Checkout made are paid on its page only."""
    intent = store.get(db, account, "payment_intent", id)
    known = hmac.compare_digest(intent["client_secret"].encode(), client_secret.encode())
    if not known or "_session" in intent:
        raise no_such("payment_intent", id)
    return intent


def confirm(
    account: str, id: str, client_secret: str, card: Card, email: str, shop_url: str, rehearsal: Rehearsal
) -> JSON:
    """Try the card. The page it comes from tells where the shop is, and so where its webhooks go."""
    overdue.catch_up()
    with store.writing() as db:
        intent = find(db, account, id, client_secret)
        deliveries.remember_endpoint(db, account, shop_url)
        return result(intent, attempts.give_card(db, account, intent, card, email, rehearsal))


def authenticate(account: str, id: str, client_secret: str, *, succeeds: bool) -> Outcome:
    """The payer's answer to the bank."""
    overdue.catch_up()
    with store.writing() as db:
        return attempts.answer(db, account, find(db, account, id, client_secret), succeeds=succeeds)


def result(intent: JSON, outcome: Outcome) -> JSON:
    """As Stripe.js hands it to the page: the intent, or an error that holds it."""
    if outcome is Outcome.CLOSED:
        return {"error": unexpected_state(intent).error | {"payment_intent": seen(intent)}}
    if outcome is Outcome.DECLINED:
        return {"error": intent["last_payment_error"] | {"payment_intent": seen(intent)}}
    return {"paymentIntent": seen(intent)}


def unexpected_state(intent: JSON) -> ApiError:
    message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
    if intent["status"] == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
        )
    return ApiError(message, code="payment_intent_unexpected_state")


def seen(intent: JSON) -> JSON:
    return {name: intent[name] for name in SEEN.split()}
