"""Order -> Checkout Session: the hosted page where the shopper pays."""

import contextlib
import hashlib
import json
import logging
import time
from functools import partial
from typing import Any

from payments import counterparts, fulfillment
from payments.errors import (
    NoKeypair,
    SoldOut,
    StorefrontError,
    StripeBusy,
    StripeObjectMissing,
    StripeRefused,
    StripeUnreachable,
)
from payments.gateway import api
from payments.gateway.keys import Keypair, keypair_for
from payments.models import Order, OrderLine, Payment
from payments.money import require_chargeable

logger = logging.getLogger(__name__)

# The braces are filled in by Stripe, so they must arrive as they are.
SESSION_ID = "{CHECKOUT_SESSION_ID}"
# Longer texts are allowed, but not read on a payment page.
MAXIMUM_DESCRIPTION = 500
SECONDS_TO_WAIT = 10


def open_session(*, order: Order, origin: str) -> Payment | None:
    """Offer the order for payment by the account of its currency, and return the payment with the page's `url`.

    None if there is nothing to pay: an order that comes to zero is complete without Stripe.

    `origin` is the shop's own address, such as https://shop.example. Asked twice, it gives the same open session.
    Raises OrderClosed, NoKeypair, AmountOutOfLimits, DiscountRefused, SoldOut, StripeRefused or StripeUnreachable.
    """
    keypair = keypair_for(order.currency)
    total = order.price.total
    if total == 0:
        order.complete_for_free()
        return None
    require_chargeable(total, order.currency)
    refresh_open_payments(order)
    payment = begin_payment(order, keypair)
    if payment.status == Payment.Status.CREATED:
        close_earlier_sessions(payment)
        create_session(payment, keypair, origin)
    if not payment.url:
        # An event told us of the session before Stripe's answer did, and it is over: the next look will show it.
        raise StripeUnreachable(api.TRY_AGAIN)
    return payment


def begin_payment(order: Order, keypair: Keypair) -> Payment:
    """The next attempt, with what it sells held; where too little is left, after taking back what was not paid in time.

    Raises OrderClosed, DiscountRefused or SoldOut.
    """
    begin = partial(Payment.objects.begin, order, publishable_key=keypair.publishable_key, livemode=keypair.livemode)
    try:
        return begin()
    except SoldOut:
        fulfillment.release_overdue([line.item_id for line in order.lines.all() if line.item_id])
        return begin()


def refresh_open_payments(order: Order) -> None:
    """Learn whether the page offered before is still open, so that nobody is sent to one that is over."""
    for payment in order.payments.filter(status=Payment.Status.OPEN):
        if payment.claim_check():
            with contextlib.suppress(NoKeypair, StripeObjectMissing):
                fulfillment.settle(payment)


def close_earlier_sessions(payment: Payment) -> None:
    """Close what was offered on other terms (another account, another amount), or both could be paid."""
    for earlier in payment.order.payments.filter(status=Payment.Status.OPEN).exclude(pk=payment.pk):
        try:
            fulfillment.close_session(earlier)
        except (NoKeypair, StripeObjectMissing):
            logger.error("Payment %s cannot be closed: no account of the shop knows it", earlier.pk)
            earlier.mark_expired()
        except StripeRefused:
            # It was paid, or it ended, in this very moment.
            fulfillment.settle(earlier)
            Order.objects.get(pk=payment.order_id).require_payable()


def create_session(payment: Payment, keypair: Keypair, origin: str) -> None:
    try:
        session = session_at_stripe(payment, keypair, origin)
        require_same_terms(payment, keypair, session)
    except StripeBusy:
        if not is_opened_by_another_click_soon(payment):
            raise
    except StorefrontError as error:
        if not was_opened_by_another_click(payment, error):
            raise
    else:
        note_session(payment, keypair, session)


def session_at_stripe(payment: Payment, keypair: Keypair, origin: str) -> api.CheckoutSession:
    """Ask for a session; once more if the coupon or a tax rate that stood for ours is gone."""
    try:
        return request_session(payment, keypair, origin)
    except StripeRefused as refusal:
        if not ("discounts" in refusal.param or "tax_rates" in refusal.param):
            raise
    counterparts.forget(payment.order, keypair)
    return request_session(payment, keypair, origin)


def request_session(payment: Payment, keypair: Keypair, origin: str) -> api.CheckoutSession:
    params = session_params(payment, keypair, origin)
    return api.create_checkout_session(keypair, params, idempotency_key(payment, params))


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


def note_session(payment: Payment, keypair: Keypair, session: api.CheckoutSession) -> None:
    """One payment has one page: take this one back if another was noted first, or the order was paid meanwhile."""
    if not payment.mark_open(checkout_session_id=session.id, url=session.url):
        expire_quietly(keypair, session)
    order = Order.objects.get(pk=payment.order_id)
    if not order.is_payable:
        expire_quietly(keypair, session)
        payment.mark_expired()
    order.require_payable()
    if payment.status != Payment.Status.OPEN:
        raise StripeUnreachable(api.TRY_AGAIN)


def expire_quietly(keypair: Keypair, session: api.CheckoutSession) -> None:
    """If this fails the session stays open, but its address was given to nobody."""
    with contextlib.suppress(StorefrontError):
        api.expire_checkout_session(keypair, session.id)


def session_params(payment: Payment, keypair: Keypair, origin: str) -> dict[str, Any]:
    """https://docs.stripe.com/api/checkout/sessions/create"""
    order = payment.order
    page = f"{origin}/order/{order.uuid}"
    metadata = {"order": str(order.uuid), "payment": str(payment.pk), "attempt": str(payment.attempt)}
    tax_rates = counterparts.tax_rates_of(order, keypair)
    discounts = counterparts.discounts_of(order, keypair)
    return {
        "mode": "payment",
        "line_items": [line_item(line, tax_rates, origin) for line in order.lines.select_related("item")],
        **({"discounts": discounts} if discounts else {}),
        # Otherwise the account's dashboard may show and charge another currency than the item's.
        "adaptive_pricing": {"enabled": False},
        "success_url": f"{page}/success?session_id={SESSION_ID}",
        "cancel_url": f"{page}/cancel",
        **({"expires_at": int(payment.stock_is_held_until.timestamp())} if order.holds_stock else {}),
        "client_reference_id": str(order.uuid),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": f"Order {order.pk}"},
    }


def line_item(line: OrderLine, tax_rates: list[str], origin: str) -> dict[str, Any]:
    product_data: dict[str, Any] = {"name": line.name}
    description = line.item.description.strip() if line.item else ""
    if description:
        product_data["description"] = description[:MAXIMUM_DESCRIPTION]
    image = image_address(line.item.picture_url if line.item else "", origin)
    if image:
        product_data["images"] = [image]
    return {
        "quantity": line.quantity,
        **({"tax_rates": tax_rates} if tax_rates else {}),
        "price_data": {
            "currency": line.currency.lower(),
            "unit_amount": line.unit_amount,
            "product_data": product_data,
        },
    }


def image_address(picture_url: str, origin: str) -> str:
    """An address that Stripe can fetch the picture from: it takes none that is not on the open web."""
    address = f"{origin}{picture_url}" if picture_url.startswith("/") else picture_url
    return address if address.startswith("https://") else ""


def idempotency_key(payment: Payment, params: dict[str, Any]) -> str:
    """One key for one attempt with these parameters: a repetition gets the same session, a change never an old one."""
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
    return f"checkout-{payment.order.uuid}-{payment.attempt}-{digest}"


def require_same_terms(payment: Payment, keypair: Keypair, session: api.CheckoutSession) -> None:
    """Refuse the sale if Stripe would charge anything but what the shopper was shown."""
    problem = fulfillment.difference(payment, session)
    if problem:
        fulfillment.report(payment, problem)
        expire_quietly(keypair, session)
        raise StripeRefused(api.TELL_THE_SHOP)
