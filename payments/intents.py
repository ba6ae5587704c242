"""Order -> PaymentIntent: the shopper pays on the shop's own page."""

from functools import partial
from typing import Any

from payments import fulfillment, offers
from payments.errors import StripeRefused, StripeUnreachable
from payments.gateway import api
from payments.gateway.keys import Keypair
from payments.gateway.objects import PaymentIntent
from payments.models import Order, Payment

# One that was canceled at Stripe is followed by another; one that is canceled as soon as it is made, by none.
MAXIMUM_ATTEMPTS = 2


def open_intent(*, order: Order) -> Payment | None:
    """Offer the order for payment on the shop's page: the payment comes with the `client_secret` that page needs.

    None if there is nothing to pay: an order that comes to zero is complete without Stripe.

    An order has one open intent: asked again it gives the same, with the order's present amount.
    Raises OrderClosed, NoKeypair, AmountOutOfLimits, DiscountRefused, SoldOut, StripeRefused or StripeUnreachable.
    """
    for _ in range(MAXIMUM_ATTEMPTS):
        begun = offers.begin(order, Payment.Method.INTENT)
        if begun is None:
            return None
        payment, keypair = begun
        if payment.status == Payment.Status.CREATED:
            offers.close_others(payment)
            offers.make(payment, keypair, partial(create_intent, payment, keypair))
        intent = open_at_stripe(payment, keypair)
        if intent:
            payment.client_secret = intent.client_secret
            return payment
    raise StripeUnreachable(api.TRY_AGAIN)


def create_intent(payment: Payment, keypair: Keypair) -> PaymentIntent:
    params = intent_params(payment)
    return api.create_payment_intent(keypair, params, offers.idempotency_key(payment, params))


def intent_params(payment: Payment) -> dict[str, Any]:
    """https://docs.stripe.com/api/payment_intents/create"""
    return {
        "amount": payment.amount,
        "currency": payment.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "description": f"Order {payment.order.pk}",
        "metadata": offers.metadata(payment),
    }


def open_at_stripe(payment: Payment, keypair: Keypair) -> PaymentIntent | None:
    """The intent as it stands there, asking for the order's present amount; None if it can no longer be paid."""
    order = Order.objects.get(pk=payment.order_id)
    try:
        if payment.terms != order.terms:
            update_amount(payment, keypair, order)
        intent = api.retrieve_payment_intent(keypair, payment.payment_intent_id)
    except StripeRefused:
        # It was paid, canceled or deleted in this very moment.
        intent = None
    if intent and intent.is_open:
        offers.require_same_terms(payment, keypair, intent)
        return intent
    settle_what_is_over(payment)
    return None


def update_amount(payment: Payment, keypair: Keypair, order: Order) -> None:
    """First at Stripe: if we go down in between, the next who asks does it again."""
    offers.close_others(payment)
    amount = order.price.total
    api.update_payment_intent(keypair, payment.payment_intent_id, amount=amount)
    payment.mark_updated(amount=amount, terms=order.terms)


def settle_what_is_over(payment: Payment) -> None:
    """Raises OrderClosed if it is paid or under way, StripeRefused if nobody can tell what it is."""
    fulfillment.settle(payment)
    Order.objects.get(pk=payment.order_id).require_payable()
    if payment.status == Payment.Status.OPEN:
        raise StripeRefused(api.TELL_THE_SHOP)
