"""What happens, exactly once, when an order is paid."""

import logging
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from payments import brake, emails, trace
from payments.errors import SoldOut, StorefrontError, StripeObjectMissing, StripeRefused, StripeUnreachable
from payments.gateway import api
from payments.gateway.keys import Keypair, keypair_of_account
from payments.gateway.objects import Offer
from payments.models import Discount, Order, Payment, stock
from payments.models.payments import MAXIMUM_PROBLEM

logger = logging.getLogger(__name__)

OVERDUE_AT_ONCE = 5


def settle(payment: Payment) -> None:
    """Ask the payment's own account what became of it, and let payment and order say the same.

    May be called by anyone at any time, also at once: only Stripe's answer counts, and it is applied under a lock.
    Raises NoKeypair, StripeRefused or StripeUnreachable, and then nothing has changed.
    """
    read_again(payment)
    if not payment.order.is_payable:
        close_open_offers(payment.order)


def read_again(payment: Payment) -> None:
    keypair = keypair_of_account(payment.publishable_key, payment.currency)
    trace.note(order=payment.order_id, account=payment.publishable_key)
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
        if order.holds_stock:
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
    if payment.is_intent and payment.amount != offer.amount == order.price.total:
        # Our process ended between Stripe's answer to the new amount and the note of it.
        payment.note_amount(offer.amount, terms=order.terms)
    problem = difference(payment, offer)
    if offer.decline and not problem:
        brake.note_decline(order, offer.decline)
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
        return payment.mark_failed(gettext_noop("The bank did not pay."))
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
            order.note_email(offer.email)
            order.mark_paid()
            transaction.on_commit(partial(emails.send_due, order), robust=True)
            facts = settled(payment, "paid")
            logger.info("Order %s is paid: %s %s", order.pk, payment.amount, payment.currency, extra=facts)
    elif payment.mark_duplicate(payment_intent_id=offer.payment_intent_id):
        facts = settled(payment, "paid twice")
        logger.error("Order %s was paid a second time by payment %s: refund it", order.pk, payment.pk, extra=facts)


def settled(payment: Payment, outcome: str) -> dict[str, object]:
    return {
        "event": "settled",
        "outcome": outcome,
        "currency": payment.currency,
        "account": payment.publishable_key,
    }


def take_stock(order: Order) -> None:
    """What is held is sold. If it had been given back meanwhile it is taken again, and if it is gone, said loudly."""
    try:
        stock.hold(order)
    except SoldOut as error:
        logger.error("Order %s is paid and cannot be delivered: too few are left of %s", order.pk, error.item)


def release_overdue_for(order: Order) -> bool:
    """Take back what this order needs and others did not pay in time; whether there was any. No webhook is needed."""
    found = release_stock([line.item_id for line in order.lines.all() if line.item_id])
    return (order.discount is not None and release_uses_of(order.discount)) or found


def release_stock(item_ids: list[int]) -> bool:
    """Take back what is held of these items and was not paid in time; whether there was any."""
    late = release_overdue(Q(order__holds_stock=True, order__lines__item__in=item_ids))
    idle = list(Order.objects.holding_for_nobody().filter(lines__item__in=item_ids).distinct())
    for order in idle:
        order.release_if_idle()
    return late or bool(idle)


def release_uses_of(discount: Discount) -> bool:
    """Take back uses of the discount that were not paid in time; whether there was any."""
    return discount.maximum_uses is not None and release_overdue(Q(order__discount=discount))


def release_overdue(scarce: Q) -> bool:
    """A few at a time, since somebody waits. `scarce` says of payments which ones hold what is needed."""
    overdue = list(Payment.objects.overdue().filter(scarce).select_related("order").distinct()[:OVERDUE_AT_ONCE])
    for payment in overdue:
        try:
            if not payment.stripe_id or payment.claim_check():
                release(payment)
        except StripeUnreachable:
            break
        except StorefrontError as error:
            logger.warning("Payment %s could not be checked: %s", payment.pk, error.code)
    return bool(overdue)


def release(payment: Payment) -> None:
    """Let it say what Stripe says, and take it back if it is offered for longer than it holds. Raises as `close` does.

    A session ends by itself in time; an intent has to be canceled.
    """
    if not payment.stripe_id:
        payment.mark_not_opened(gettext_noop("It was never opened at Stripe."))
        payment.order.release_if_idle()
        return
    settle(payment)
    if payment.status == Payment.Status.OPEN and payment.is_over_in_time:
        close_or_read_again(payment)


def take_back_offers(order: Order) -> None:
    """Close everything by which the order could be paid, before it is changed.

    Raises OrderClosed, NoKeypair, StripeRefused or StripeUnreachable: then it may be paid as it is.
    """
    for payment in order.payments.filter(status=Payment.Status.CREATED):
        # A request that is at Stripe with it finds it so, and takes its offer back.
        payment.mark_not_opened(gettext_noop("The order was changed."))
        payment.order.release_if_idle()
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        close_or_read_again(payment)
    Order.objects.get(pk=order.pk).require_payable()


def close_open_offers(order: Order) -> None:
    """Nobody shall pay, by a page that is still open somewhere, what is paid or what a bank is at work on."""
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
