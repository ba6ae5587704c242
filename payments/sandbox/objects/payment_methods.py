"""PaymentMethods: the card a payer gave, without its number."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.ids import new_id
from payments.sandbox.paying.cards import Card
from payments.sandbox.store import JSON


def create(db: sqlite3.Connection, account: str, card: Card, email: str) -> JSON:
    method: JSON = {
        "id": new_id("pm_1"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": None, "email": email or None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": card.brand,
            "checks": None,
            "country": "US",
            "display_brand": card.brand,
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "funding": "credit",
            "last4": card.last4,
        },
        "created": clock.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    return store.save(db, account, method)
