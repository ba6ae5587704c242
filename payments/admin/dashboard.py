"""Links into Stripe's dashboard, or to the page that stands in for it."""

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from payments.gateway.keys import SANDBOX_MARK
from payments.models import Dispute, Payment

DASHBOARD = "https://dashboard.stripe.com"
# Enough to tell one from another; the page of each has all of it.
SHOWN = 14


def payment_link(payment: Payment) -> SafeString | str:
    """A link to what the payment is at Stripe: in the dashboard of its account, for test or for live."""
    object_id = payment.payment_intent_id or payment.checkout_session_id
    return link(payment_address(payment), object_id) if object_id else "–"


def dispute_link(dispute: Dispute) -> SafeString | str:
    """There the dispute is answered."""
    payment = dispute.payment
    is_of_stand_in = SANDBOX_MARK in payment.publishable_key
    address = stand_in_address(payment) if is_of_stand_in else f"{root(payment)}/disputes/{dispute.stripe_id}"
    return link(address, dispute.stripe_id)


def link(address: str, object_id: str) -> SafeString | str:
    shown = object_id if len(object_id) <= SHOWN else object_id[:SHOWN] + "…"
    return format_html('<a href="{}" rel="noreferrer">{}</a>', address, shown) if address else shown


def payment_address(payment: Payment) -> str:
    if SANDBOX_MARK in payment.publishable_key:
        return stand_in_address(payment)
    if payment.payment_intent_id:
        return f"{root(payment)}/payments/{payment.payment_intent_id}"
    return f"{root(payment)}/checkout/sessions/{payment.checkout_session_id}"


def stand_in_address(payment: Payment) -> str:
    """Empty for what has no page there, or where the stand-in does not serve any more."""
    if not payment.payment_intent_id:
        return payment.url
    try:
        return reverse("sandbox:dashboard", args=[payment.payment_intent_id])
    except NoReverseMatch:
        return ""


def root(payment: Payment) -> str:
    return DASHBOARD if payment.livemode else f"{DASHBOARD}/test"
