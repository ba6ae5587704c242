"""Order -> Checkout Session: the hosted page where the shopper pays."""

from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects

from payments import counterparts, offers
from payments.errors import StripeRefused, StripeUnreachable
from payments.gateway import api
from payments.gateway.keys import Keypair
from payments.gateway.locales import locale_of
from payments.gateway.objects import CheckoutSession
from payments.models import Order, OrderLine, Payment

# The braces are filled in by Stripe, so they must arrive as they are.
SESSION_ID = "{CHECKOUT_SESSION_ID}"
# Longer texts are allowed, but not read on a payment page.
MAXIMUM_DESCRIPTION = 500
EMAIL = "customer_email"


def open_session(*, order: Order, origin: str, begun: tuple[Payment, Keypair] | None = None) -> Payment | None:
    """Offer the order for payment by the account of its currency, and return the payment with the page's `url`.

    None if there is nothing to pay: an order that comes to zero is complete without Stripe.

    `origin` is the shop's own address, such as https://shop.example. Asked twice, it gives the same open session.
    `begun` is the first attempt, if it was begun with the order.
    Raises OrderClosed, NoKeypair, AmountOutOfLimits, DiscountRefused, SoldOut, StripeRefused or StripeUnreachable.
    """
    is_first = begun is not None
    begun = begun or offers.begin(order, Payment.Method.CHECKOUT)
    if begun is None:
        return None
    payment, keypair = begun
    if payment.status == Payment.Status.CREATED:
        if not is_first:
            offers.close_others(payment)
        offers.make(payment, keypair, lambda: session_at_stripe(payment, keypair, origin))
    if not payment.url:
        # An event told us of the session before Stripe's answer did, and it is over: the next look will show it.
        raise StripeUnreachable(api.TRY_AGAIN)
    return payment


def session_at_stripe(
    payment: Payment, keypair: Keypair, origin: str, gone: frozenset[str] = frozenset()
) -> CheckoutSession:
    """Ask for a session; once more for the coupon and each tax rate that stood for ours and is gone.

    And once more without an address that Stripe takes for none: the shopper types another on its page.
    """
    params = session_params(payment, keypair, origin)
    if EMAIL in gone:
        del params[EMAIL]
    try:
        return api.create_checkout_session(keypair, params, offers.idempotency_key(payment, params))
    except StripeRefused as refusal:
        can_do_without = refusal.param == EMAIL or counterparts.forget(params, refusal.param, keypair)
        if refusal.param in gone or not can_do_without:
            raise
        gone |= {refusal.param}
    return session_at_stripe(payment, keypair, origin, gone)


def session_params(payment: Payment, keypair: Keypair, origin: str) -> dict[str, Any]:
    """https://docs.stripe.com/api/checkout/sessions/create"""
    order = payment.order
    agreed = payment.begun_for or order.agreed()
    prefetch_related_objects(list(agreed.lines), "item")
    page = f"{origin}/order/{order.uuid}"
    metadata = offers.metadata(payment)
    tax_rates = counterparts.tax_rates_of(agreed.taxes, keypair)
    discounts = counterparts.discounts_of(order, keypair)
    return {
        "mode": "payment",
        "line_items": [line_item(line, tax_rates, origin) for line in agreed.lines],
        **({"discounts": discounts} if discounts else {}),
        # Otherwise the account's dashboard may show and charge another currency than the item's.
        "adaptive_pricing": {"enabled": False},
        "success_url": f"{page}/success?session_id={SESSION_ID}",
        "cancel_url": f"{page}/cancel",
        **({"expires_at": int(payment.holds_until.timestamp())} if order.holds_something_scarce else {}),
        "client_reference_id": str(order.uuid),
        **({EMAIL: order.email} if order.email else {}),
        "locale": locale_of(order.language or settings.LANGUAGE_CODE),
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
