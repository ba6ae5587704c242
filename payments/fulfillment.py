"""What happens, exactly once, when an order is paid."""

import logging

from django.db import transaction

from payments.gateway import api
from payments.gateway.keys import keypair_of_account
from payments.models import Order, Payment

logger = logging.getLogger(__name__)


def settle(payment: Payment) -> None:
    """Ask the payment's own account what became of it, and let payment and order say the same.

    May be called by anyone at any time, also at once: only Stripe's answer counts, and it is applied under a lock.
    Raises NoKeypair, StripeRefused or StripeUnreachable, and then nothing has changed.
    """
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    session = api.retrieve_checkout_session(keypair, payment.checkout_session_id)
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=payment.order_id)
        payment.refresh_from_db()
        apply(session, payment, order)
    payment.order = order


def apply(session: api.CheckoutSession, payment: Payment, order: Order) -> None:
    problem = difference(payment, session)
    if problem:
        report(payment, problem)
    elif session.is_paid:
        take_payment(session, payment, order)
    elif session.is_processing:
        if payment.mark_processing() and not order.is_paid:
            order.mark_processing()
    elif session.is_failed:
        if payment.mark_failed("The bank did not pay."):
            order.mark_pending()
    elif session.status == "expired":
        payment.mark_expired()


def difference(payment: Payment, session: api.CheckoutSession) -> str:
    """What keeps this session from being the one of the payment, or an empty text."""
    ours = (payment.livemode, payment.currency, payment.amount)
    theirs = (session.livemode, session.currency, session.amount_total)
    if ours == theirs:
        return ""
    return "expected livemode={}, {} {}; Stripe says livemode={}, {} {}".format(*ours, *theirs)


def report(payment: Payment, problem: str) -> None:
    logger.error("Payment %s is not settled: %s", payment.pk, problem)
    payment.note_problem(problem)


def take_payment(session: api.CheckoutSession, payment: Payment, order: Order) -> None:
    if not order.is_paid:
        if payment.mark_paid(payment_intent_id=session.payment_intent_id):
            order.mark_paid()
            logger.info("Order %s is paid: %s %s", order.pk, payment.amount, payment.currency)
    elif payment.mark_duplicate(payment_intent_id=session.payment_intent_id):
        logger.error("Order %s was paid a second time by payment %s: refund it", order.pk, payment.pk)
