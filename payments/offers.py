"""What both ways to pay have in common: an attempt is begun, compared with Stripe's answer, noted, and taken back."""

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from payments import brake, emails, fulfillment, trace
from payments.errors import (
    DiscountRefused,
    NoKeypair,
    SoldOut,
    StorefrontError,
    StripeBusy,
    StripeObjectMissing,
    StripeRefused,
    StripeUnreachable,
)
from payments.gateway import api, patience
from payments.gateway.keys import Keypair, keypair_for
from payments.gateway.objects import CheckoutSession, Offer
from payments.gateway.places import NoPlaceFree, a_place
from payments.models import NewOrder, Order, Payment, first_offers
from payments.models.orders import current_language
from payments.money import require_chargeable

logger = logging.getLogger(__name__)

SECONDS_TO_WAIT = 10


def begin(order: Order, method: Payment.Method) -> tuple[Payment, Keypair] | None:
    """The attempt to have the order paid, and the keypair of its currency; None if nothing is to be paid.

    An order that comes to zero is complete without Stripe. From now on the shopper is written to in the language of the
    page that this is asked from.
    Raises OrderClosed, NoKeypair, AmountOutOfLimits, DiscountRefused, SoldOut or StripeUnreachable.
    """
    keypair = keypair_for(order.currency)
    trace.note(order=order.pk, account=keypair.publishable_key)
    order.note_language(current_language())
    total = order.agreed().price.total
    if total == 0:
        fulfillment.take_back_offers(order)
        after_releasing_overdue(order, order.complete_for_free)
        emails.send_due(order)
        return None
    require_chargeable(total, order.currency)
    refresh_open_payments(order)
    begin_payment = partial(
        Payment.objects.begin,
        order,
        method=method,
        publishable_key=keypair.publishable_key,
        livemode=keypair.livemode,
    )
    return after_releasing_overdue(order, begin_payment), keypair


def begin_first(
    offer: NewOrder, method: Payment.Method, *, visitor: str, asked_by: brake.Visitor
) -> tuple[Payment, Keypair] | None:
    """The same for what nobody has ordered yet: in one transaction, since nothing was offered before.

    None if this visitor has such an order already, or too little is left: then `begin` takes back what is needed.
    Raises NoKeypair, AmountOutOfLimits or TooManyTaxes.
    """
    keypair = keypair_for(offer.currency)
    require_chargeable(offer.price.total, offer.currency)
    if any(item.has_fewer_than(quantity) for item, quantity in offer.lines):
        return None
    with contextlib.suppress(SoldOut):
        payment = first_offers.begin(
            offer,
            purchase_key=offer.key_for(visitor),
            asked_by=brake.keys_of(asked_by),
            publishable_key=keypair.publishable_key,
            livemode=keypair.livemode,
            method=method,
        )
        if payment:
            trace.note(order=payment.order_id, account=keypair.publishable_key)
            return payment, keypair
    return None


Result = TypeVar("Result")


def after_releasing_overdue(order: Order, act: Callable[[], Result]) -> Result:
    """Do it; if too little is left for it, once more after taking back what others did not pay in time.

    Raises what `act` does: SoldOut or DiscountRefused if it is still too little.
    """
    try:
        return act()
    except (SoldOut, DiscountRefused):
        if not fulfillment.release_overdue_for(order):
            raise
    return act()


def refresh_open_payments(order: Order) -> None:
    """Learn whether what was offered before is still open, so that nobody is sent to a page that is over."""
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        if payment.claim_check():
            with contextlib.suppress(NoKeypair, StripeObjectMissing):
                fulfillment.settle(payment)


def close_others(payment: Payment) -> None:
    """Close what was offered before, by either way to pay, or both could be paid.

    Raises OrderClosed if it was paid, StripeRefused or StripeUnreachable if it stays open.
    """
    others = list(payment.order.payments.filter(status=Payment.Status.OPEN).exclude(pk=payment.pk))
    for other in others:
        try:
            fulfillment.close_or_read_again(other)
        except (NoKeypair, StripeObjectMissing):
            logger.error("Payment %s cannot be closed: no account of the shop knows it", other.pk)
            other.mark_expired()
    if others:
        Order.objects.get(pk=payment.order_id).require_payable()


def idempotency_key(payment: Payment, params: dict[str, Any]) -> str:
    """One key for one attempt with these parameters: a repetition gets the same object, a change never an old one."""
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
    return f"{payment.method}-{payment.order.uuid}-{payment.attempt}-{digest}"


def metadata(payment: Payment) -> dict[str, str]:
    """By which an event finds the payment, also if Stripe's answer never reached us."""
    return {"order": str(payment.order.uuid), "payment": str(payment.pk), "attempt": str(payment.attempt)}


def make(payment: Payment, keypair: Keypair, ask: Callable[[], Offer]) -> None:
    """Open the attempt by what `ask` gets from Stripe. Raises as `ask` does, unless another click has opened it."""
    try:
        offer = ask()
        require_same_terms(payment, keypair, offer)
    except StripeBusy:
        if not is_opened_by_another_click_soon(payment):
            raise
    except StorefrontError as error:
        if not was_opened_by_another_click(payment, error):
            raise
    else:
        note(payment, keypair, offer)


def require_same_terms(payment: Payment, keypair: Keypair, offer: Offer) -> None:
    """Refuse the sale if Stripe would charge anything but what the shopper was shown."""
    problem = fulfillment.difference(payment, offer)
    if problem:
        fulfillment.report(payment, problem)
        close_quietly(keypair, offer)
        payment.mark_failed(payment.problem)
        payment.order.release_if_idle()
        raise StripeRefused(api.TELL_THE_SHOP)


def is_opened_by_another_click_soon(payment: Payment) -> bool:
    """A second click finds Stripe at work on the first one's request: its answer is for both."""
    deadline = time.monotonic() + min(SECONDS_TO_WAIT, patience.seconds_left())
    with contextlib.suppress(NoPlaceFree), a_place(for_new_sale=True):
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
    order = payment.order
    if not order.is_payable or order.agreed().terms != payment.terms:
        close_quietly(keypair, offer)
        payment.mark_expired()
        order.release_if_idle()
    order.require_payable()
    if payment.status != Payment.Status.OPEN:
        raise StripeUnreachable(api.TRY_AGAIN)
    logger.info(
        "Order %s is offered for payment: %s %s", order.pk, payment.amount, payment.currency, extra=facts(payment)
    )


def facts(payment: Payment) -> dict[str, object]:
    return {
        "event": "offered",
        "currency": payment.currency,
        "account": payment.publishable_key,
        "method": str(payment.method),
    }


def close_quietly(keypair: Keypair, offer: Offer) -> None:
    """If this fails the offer stays open, but was given to nobody."""
    close = api.expire_checkout_session if isinstance(offer, CheckoutSession) else api.cancel_payment_intent
    with contextlib.suppress(StorefrontError):
        close(keypair, offer.id)
