"""What a first call to Stripe would load: its SDK imports what it needs when it is asked for it."""

import stripe

from payments.gateway.client import client_for
from payments.gateway.keys import currencies, keypair_for


def warm() -> None:
    """The clients, with certificates and what the SDK knows of a buy. Nothing is sent."""
    for currency in currencies():
        v1 = client_for(keypair_for(currency)).v1
        v1.checkout.sessions, v1.payment_intents  # noqa: B018  (they are imported now)
    stripe.checkout.Session, stripe.PaymentIntent  # noqa: B018
