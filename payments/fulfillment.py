"""What happens, exactly once, when an order is paid."""

import logging

from django.db import transaction

from payments.errors import SoldOut, StorefrontError, StripeObjectMissing, StripeRefused
from payments.gateway import api
from payments.gateway.keys import Keypair, keypair_of_account
from payments.gateway.objects import Offer
from payments.models import Order, Payment, stock
from payments.models.payments import MAXIMUM_PROBLEM

logger = logging.getLogger(__name__)


def settle(payment: Payment) -> None:
    """Ask the payment's own account what became of it, and let payment and order say the same.

    May be called by anyone at any time, also at once: only Stripe's answer counts, and it is applied under a lock.
    Raises NoKeypair, StripeRefused or StripeUnreachable, and then nothing has changed.
    """
    read_again(payment)
    if payment.order.is_paid:
        close_open_offers(payment.order)


def read_again(payment: Payment) -> None:
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    try:
        offer = offer_of(payment, keypair)
    except StripeObjectMissing:
        if keypair.publishable_key != payment.publishable_key:
            raise
        expire_missing(payment)
        return
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=payment.order_id)
        payment.refresh_from_db()
        payment.order = order
        apply(offer, payment, order)
        order.release_if_idle()


@transaction.atomic
def expire_missing(payment: Payment) -> None:
    """Test data was deleted: what is not there cannot be paid, and no bank is at work on it."""
    order = Order.objects.select_for_update().get(pk=payment.order_id)
    payment.mark_expired()
    if order.status == Order.Status.PROCESSING and not order.has_payment_processing:
        order.mark_pending()
    order.release_if_idle()


def offer_of(payment: Payment, keypair: Keypair) -> Offer:
    if payment.is_intent:
        return api.retrieve_payment_intent(keypair, payment.payment_intent_id)
    return api.retrieve_checkout_session(keypair, payment.checkout_session_id)


def apply(offer: Offer, payment: Payment, order: Order) -> None:
    problem = difference(payment, offer)
    if problem:
        report(payment, problem)
    elif offer.is_paid:
        take_payment(offer, payment, order)
    elif offer.is_processing:
        if payment.mark_processing():
            order.mark_processing()
    elif gave_up_waiting(offer, payment) and not order.has_payment_processing:
        order.mark_pending()


def gave_up_waiting(offer: Offer, payment: Payment) -> bool:
    """Note that no bank is at work on it any more; whether one was, or could have been."""
    if offer.is_failed:
        return payment.mark_failed("The bank did not pay.")
    if offer.is_over:
        was_processing = payment.status == Payment.Status.PROCESSING
        return payment.mark_expired() and was_processing
    return offer.is_open and is_open_again(offer, payment)


def is_open_again(offer: Offer, payment: Payment) -> bool:
    if payment.mark_open_again():
        return True
    if payment.is_unnoted:
        # An event told us of it before Stripe's answer did.
        payment.mark_open(stripe_id=offer.id, url=offer.url)
    return False


def difference(payment: Payment, offer: Offer) -> str:
    """What keeps this session or intent from being the one of the payment, or an empty text."""
    ours = (str(payment.order.uuid), payment.livemode, payment.currency, payment.amount)
    theirs = (offer.order, offer.livemode, offer.currency, offer.amount)
    if ours == theirs:
        return ""
    return "expected order {}, livemode={}, {} {}; Stripe says order {}, livemode={}, {} {}".format(*ours, *theirs)


def report(payment: Payment, problem: str) -> None:
    if problem[:MAXIMUM_PROBLEM] != payment.problem:
        logger.error("Payment %s is not settled: %s", payment.pk, problem)
        payment.note_problem(problem)


def take_payment(offer: Offer, payment: Payment, order: Order) -> None:
    if not order.is_paid:
        if payment.mark_paid(payment_intent_id=offer.payment_intent_id):
            take_stock(order)
            order.mark_paid()
            logger.info("Order %s is paid: %s %s", order.pk, payment.amount, payment.currency)
    elif payment.mark_duplicate(payment_intent_id=offer.payment_intent_id):
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
            release(payment)
        except StorefrontError as error:
            logger.warning("Payment %s could not be checked: %s", payment.pk, error.code)
    return bool(overdue)


def release(payment: Payment) -> None:
    """A session ends by itself in time; an intent has to be canceled. Raises as `close` does."""
    if not payment.stripe_id:
        payment.mark_not_opened("It was never opened at Stripe.")
        payment.order.release_if_idle()
    elif payment.is_intent and payment.status == Payment.Status.OPEN:
        close_or_read_again(payment)
    else:
        settle(payment)


def take_back_offers(order: Order) -> None:
    """Close everything by which the order could be paid, before it is changed.

    Raises OrderClosed, NoKeypair, StripeRefused or StripeUnreachable: then it may be paid as it is.
    """
    for payment in order.payments.filter(status=Payment.Status.CREATED):
        # A request that is at Stripe with it finds it so, and takes its offer back.
        payment.mark_not_opened("The order was changed.")
        payment.order.release_if_idle()
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        close_or_read_again(payment)
    Order.objects.get(pk=order.pk).require_payable()


def close_open_offers(order: Order) -> None:
    """Nobody shall pay a paid order by a page that is still open somewhere."""
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        try:
            close_or_read_again(payment)
        except StorefrontError as error:
            logger.warning("Payment %s could not be closed: %s", payment.pk, error.code)


def close_or_read_again(payment: Payment) -> None:
    """What cannot be closed was paid, or ended, in this very moment. Raises as `close` does if it is still open."""
    try:
        close(payment)
    except StripeRefused:
        read_again(payment)
        if payment.status == Payment.Status.OPEN:
            raise


def close(payment: Payment) -> None:
    """Take the offer back. Raises NoKeypair, StripeRefused (it is paid, under way, or over) or StripeUnreachable."""
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    if payment.is_intent:
        cancel_unless_under_way(payment, keypair)
    else:
        api.expire_checkout_session(keypair, payment.checkout_session_id)
    payment.mark_expired()
    payment.order.release_if_idle()


def cancel_unless_under_way(payment: Payment, keypair: Keypair) -> None:
    """Stripe would cancel some intents that a bank is at work on: money may be on its way, so they are left alone."""
    intent = api.retrieve_payment_intent(keypair, payment.payment_intent_id)
    if not intent.is_open:
        raise StripeRefused(api.TELL_THE_SHOP)
    api.cancel_payment_intent(keypair, payment.payment_intent_id)
