"""What happens, exactly once, when an order is paid."""

import logging

from django.db import transaction

from payments.errors import SoldOut, StorefrontError, StripeObjectMissing
from payments.gateway import api
from payments.gateway.keys import keypair_of_account
from payments.models import Order, Payment, stock
from payments.models.payments import MAXIMUM_PROBLEM

logger = logging.getLogger(__name__)


def settle(payment: Payment) -> None:
    """Ask the payment's own account what became of it, and let payment and order say the same.

    May be called by anyone at any time, also at once: only Stripe's answer counts, and it is applied under a lock.
    Raises NoKeypair, StripeRefused or StripeUnreachable, and then nothing has changed.
    """
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    try:
        session = api.retrieve_checkout_session(keypair, payment.checkout_session_id)
    except StripeObjectMissing:
        if keypair.publishable_key != payment.publishable_key:
            raise
        expire_missing(payment)
        return
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=payment.order_id)
        payment.refresh_from_db()
        payment.order = order
        apply(session, payment, order)
        order.release_if_idle()
    if order.is_paid:
        close_open_sessions(order)


def apply(session: api.CheckoutSession, payment: Payment, order: Order) -> None:
    problem = difference(payment, session)
    if problem:
        report(payment, problem)
    elif session.is_paid:
        take_payment(session, payment, order)
    elif session.is_processing:
        if payment.mark_processing():
            order.mark_processing()
    elif session.is_failed:
        if payment.mark_failed("The bank did not pay.") and not order.has_payment_processing:
            order.mark_pending()
    elif session.status == "expired":
        payment.mark_expired()
    elif not payment.url:
        payment.mark_open(checkout_session_id=session.id, url=session.url)


@transaction.atomic
def expire_missing(payment: Payment) -> None:
    """Test data was deleted: what is not there cannot be paid, and no bank is at work on it."""
    order = Order.objects.select_for_update().get(pk=payment.order_id)
    payment.mark_expired()
    if order.status == Order.Status.PROCESSING and not order.has_payment_processing:
        order.mark_pending()
    order.release_if_idle()


def difference(payment: Payment, session: api.CheckoutSession) -> str:
    """What keeps this session from being the one of the payment, or an empty text."""
    ours = (str(payment.order.uuid), payment.livemode, payment.currency, payment.amount)
    theirs = (session.client_reference_id, session.livemode, session.currency, session.amount_total)
    if ours == theirs:
        return ""
    return "expected order {}, livemode={}, {} {}; Stripe says order {}, livemode={}, {} {}".format(*ours, *theirs)


def report(payment: Payment, problem: str) -> None:
    if problem[:MAXIMUM_PROBLEM] != payment.problem:
        logger.error("Payment %s is not settled: %s", payment.pk, problem)
        payment.note_problem(problem)


def take_payment(session: api.CheckoutSession, payment: Payment, order: Order) -> None:
    if not order.is_paid:
        if payment.mark_paid(payment_intent_id=session.payment_intent_id):
            take_stock(order)
            order.mark_paid()
            logger.info("Order %s is paid: %s %s", order.pk, payment.amount, payment.currency)
    elif payment.mark_duplicate(payment_intent_id=session.payment_intent_id):
        logger.error("Order %s was paid a second time by payment %s: refund it", order.pk, payment.pk)


def take_stock(order: Order) -> None:
    """What is held is sold. If it had been given back meanwhile it is taken again, and if it is gone, said loudly."""
    try:
        stock.hold(order)
    except SoldOut as error:
        logger.error("Order %s is paid and cannot be delivered: %s", order.pk, error)


def release_overdue(item_ids: list[int]) -> bool:
    """Give back what is held of these items and was not paid in time; whether there was any. No webhook is needed."""
    overdue = list(Payment.objects.overdue(item_ids))
    for payment in overdue:
        try:
            if payment.checkout_session_id:
                settle(payment)
            elif payment.mark_not_opened("It was never opened at Stripe."):
                payment.order.release_if_idle()
        except StorefrontError as error:
            logger.warning("Payment %s could not be checked: %s", payment.pk, error.code)
    return bool(overdue)


def take_back_offers(order: Order) -> None:
    """Close every page on which the order could be paid, before it is changed.

    Raises OrderClosed, NoKeypair, StripeRefused or StripeUnreachable: then it may be paid as it is.
    """
    for payment in order.payments.filter(status=Payment.Status.CREATED):
        # A request that is at Stripe with it finds it so, and takes its page back.
        payment.mark_not_opened("The order was changed.")
        payment.order.release_if_idle()
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        close_session(payment)
    Order.objects.get(pk=order.pk).require_payable()


def close_open_sessions(order: Order) -> None:
    """Nobody shall pay a paid order by a page that is still open somewhere."""
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        try:
            close_session(payment)
        except StorefrontError as error:
            logger.warning("Payment %s could not be closed: %s", payment.pk, error.code)


def close_session(payment: Payment) -> None:
    """Take the payment page back. Raises NoKeypair, StripeRefused (it is paid, or over) or StripeUnreachable."""
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    api.expire_checkout_session(keypair, payment.checkout_session_id)
    payment.mark_expired()
    payment.order.release_if_idle()
