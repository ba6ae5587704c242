"""What both ways to pay have in common: an attempt is begun, compared with Stripe's answer, noted, and taken back."""

import contextlib
import hashlib
import json
import logging
import time
from functools import partial
from typing import Any

from django.db.models import Q

from payments import fulfillment
from payments.errors import NoKeypair, SoldOut, StorefrontError, StripeObjectMissing, StripeRefused, StripeUnreachable
from payments.gateway import api
from payments.gateway.keys import Keypair, keypair_for
from payments.gateway.objects import CheckoutSession, Offer
from payments.models import Order, Payment
from payments.money import require_chargeable

logger = logging.getLogger(__name__)

SECONDS_TO_WAIT = 10


def begin(order: Order, method: Payment.Method) -> tuple[Payment, Keypair] | None:
    """The attempt to have the order paid, and the keypair of its currency; None if nothing is to be paid.

    An order that comes to zero is complete without Stripe.
    Raises OrderClosed, NoKeypair, AmountOutOfLimits, DiscountRefused, SoldOut or StripeUnreachable.
    """
    keypair = keypair_for(order.currency)
    total = order.price.total
    if total == 0:
        order.complete_for_free()
        return None
    require_chargeable(total, order.currency)
    refresh_open_payments(order)
    return begin_payment(order, keypair, method), keypair


def begin_payment(order: Order, keypair: Keypair, method: Payment.Method) -> Payment:
    """The next attempt, with what it sells held; where too little is left, after taking back what was not paid in time.

    Raises OrderClosed, DiscountRefused or SoldOut.
    """
    begin = partial(
        Payment.objects.begin,
        order,
        method=method,
        publishable_key=keypair.publishable_key,
        livemode=keypair.livemode,
    )
    try:
        return begin()
    except SoldOut:
        fulfillment.release_overdue([line.item_id for line in order.lines.all() if line.item_id])
        return begin()


def refresh_open_payments(order: Order) -> None:
    """Learn whether what was offered before is still open, so that nobody is sent to a page that is over."""
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        if payment.claim_check():
            with contextlib.suppress(NoKeypair, StripeObjectMissing):
                fulfillment.settle(payment)


def close_earlier(payment: Payment, terms: str) -> None:
    """Close what was offered on other terms (another account, another amount), or both could be paid.

    The other way to pay stays open on the same terms: it is closed once one of them is paid.
    """
    same_terms = Q(publishable_key=payment.publishable_key, terms=terms) & ~Q(method=payment.method)
    others = payment.order.payments.filter(status=Payment.Status.OPEN).exclude(pk=payment.pk)
    for earlier in others.exclude(same_terms):
        try:
            fulfillment.close(earlier)
        except (NoKeypair, StripeObjectMissing):
            logger.error("Payment %s cannot be closed: no account of the shop knows it", earlier.pk)
            earlier.mark_expired()
        except StripeRefused:
            # It was paid, or it ended, in this very moment.
            fulfillment.settle(earlier)
            Order.objects.get(pk=payment.order_id).require_payable()


def idempotency_key(payment: Payment, params: dict[str, Any]) -> str:
    """One key for one attempt with these parameters: a repetition gets the same object, a change never an old one."""
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
    return f"{payment.method}-{payment.order.uuid}-{payment.attempt}-{digest}"


def metadata(payment: Payment) -> dict[str, str]:
    """By which an event finds the payment, also if Stripe's answer never reached us."""
    return {"order": str(payment.order.uuid), "payment": str(payment.pk), "attempt": str(payment.attempt)}


def require_same_terms(payment: Payment, keypair: Keypair, offer: Offer) -> None:
    """Refuse the sale if Stripe would charge anything but what the shopper was shown."""
    problem = fulfillment.difference(payment, offer)
    if problem:
        fulfillment.report(payment, problem)
        close_quietly(keypair, offer)
        payment.mark_failed(payment.problem)
        raise StripeRefused(api.TELL_THE_SHOP)


def is_opened_by_another_click_soon(payment: Payment) -> bool:
    """A second click finds Stripe at work on the first one's request: its answer is for both."""
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while payment.status == Payment.Status.CREATED and time.monotonic() < deadline:
        time.sleep(0.2)
        payment.refresh_from_db()
    return payment.status == Payment.Status.OPEN


def was_opened_by_another_click(payment: Payment, error: StorefrontError) -> bool:
    """If not, the attempt has failed: what Stripe answered once it answers again to the same idempotency key."""
    failed = payment.mark_not_opened(payment.problem or error.code)
    payment.order.release_if_idle()
    return not failed and payment.status == Payment.Status.OPEN


def note(payment: Payment, keypair: Keypair, offer: Offer) -> None:
    """Take the offer back if another was noted first for this attempt, or the order was paid or changed meanwhile."""
    if not payment.mark_open(stripe_id=offer.id, url=offer.url):
        close_quietly(keypair, offer)
    order = Order.objects.get(pk=payment.order_id)
    if not order.is_payable or order.terms != payment.terms:
        close_quietly(keypair, offer)
        payment.mark_expired()
        order.release_if_idle()
    order.require_payable()
    if payment.status != Payment.Status.OPEN:
        raise StripeUnreachable(api.TRY_AGAIN)


def close_quietly(keypair: Keypair, offer: Offer) -> None:
    """If this fails the offer stays open, but was given to nobody."""
    close = api.expire_checkout_session if isinstance(offer, CheckoutSession) else api.cancel_payment_intent
    with contextlib.suppress(StorefrontError):
        close(keypair, offer.id)
