"""An order's page by its unguessable link, and the pages that Stripe sends the shopper back to."""

import logging
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from payments import brake, checkout, fulfillment, trace
from payments.errors import StorefrontError
from payments.models import Order, OrderTax, Payment, Refund
from payments.money import plain_percent
from payments.views import looking
from payments.views.checkout import SeeOther, origin_of, session_as_json
from payments.views.limits import limited, who
from payments.views.negotiation import prefers_json
from payments.views.problems import problem_json, problem_page, status_of

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def order_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return show(request, up_to_date(uuid))


@never_cache
@require_safe
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stripe sends the shopper here who goes back. Perhaps after having paid in another tab."""
    return show(request, up_to_date(uuid), came_back=True)


@never_cache
@require_safe
def success(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stripe sends the shopper here after paying. The address proves nothing: only Stripe's answer to us does."""
    order = find(uuid)
    session_id, intent_id = returned_with(request, "session_id"), returned_with(request, "payment_intent")
    for payment in order.payments.filter(Q(checkout_session_id=session_id) | Q(payment_intent_id=intent_id)):
        if payment.may_change and may_be_checked(payment):
            settle(payment)
    # Read again in any case: the webhook may have been faster.
    return show(request, purchase_of(uuid), has_returned=True)


def may_be_checked(payment: Payment) -> bool:
    return payment.claim_check() or (payment.status in Payment.UNDER_WAY and brake.may_ask_at_once(payment))


def returned_with(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "") or "none"


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Offer an order that is not paid yet for payment, again or for the first time.

    Whoever has only the address, as after closing a tab in which something went wrong, is shown the order.
    """
    order = find(uuid)
    if request.method != "POST":
        return unlisted(SeeOther(order_address(order)))
    return offer(request, order)


@limited("buys")
def offer(request: HttpRequest, order: Order) -> HttpResponse:
    brake.remember(order, who(request))
    try:
        payment = checkout.open_session(order=order, origin=origin_of(request))
    except StorefrontError as error:
        if prefers_json(request):
            return problem_json(status_of(error), error.code, str(error))
        return problem_page(request, status_of(error), error.code, str(error), back=order_address(order))
    if prefers_json(request) and payment:
        return unlisted(JsonResponse(session_as_json(payment)))
    return SeeOther(payment.url if payment else order_address(order))


def find(uuid: UUID) -> Order:
    order: Order = get_object_or_404(Order.objects.prefetch_related("lines", "taxes"), uuid=uuid)
    trace.note(order=order.pk)
    return order


def purchase_of(uuid: UUID) -> list[Order]:
    """The order, and after it the others of the same cart. Raises Http404."""
    purchase = Order.objects.filter(uuid=uuid).values("purchase")
    orders = Order.objects.filter(purchase__in=purchase).order_by("id").prefetch_related("lines", "taxes")
    money_back = Exists(Refund.objects.filter(payment__order=OuterRef("pk")))
    found: list[Order] = sorted(orders.annotate(has_money_back=money_back), key=lambda order: order.uuid != uuid)
    if not found:
        raise Http404
    trace.note(order=found[0].pk)
    return found


def up_to_date(uuid: UUID) -> list[Order]:
    """As `purchase_of`, after asking Stripe about a payment that is under way, though not at every reload."""
    order, *others = purchase_of(uuid)
    if order.is_paid:
        return [order, *others]
    prefetch_related_objects([order], "payments")
    due = [payment for payment in order.payments.all() if payment.status in Payment.UNDER_WAY and payment.claim_check()]
    for payment in due:
        settle(payment)
    return purchase_of(uuid) if due else [order, *others]


def settle(payment: Payment) -> None:
    """Ask Stripe; if it cannot be asked, the order is shown as we know it."""
    try:
        fulfillment.settle(payment)
    except StorefrontError as error:
        logger.warning("Payment %s could not be checked: %s", payment.pk, error.code)


def show(
    request: HttpRequest, purchase: list[Order], *, came_back: bool = False, has_returned: bool = False
) -> HttpResponse:
    """The first of the orders."""
    order, *others = purchase
    if prefers_json(request):
        return unlisted(JsonResponse(as_json(order) | {"others": others_as_json(others)}))
    context = price_context(order) | purchase_context(order, others) | {"refunds": refunds_of(order)}
    context |= {"came_back": came_back, "may_be_paid": has_returned or order.may_be_paid}
    # Whoever has just paid waits for Stripe's word as whoever waits for a bank.
    context["is_waiting"] = order.status == Order.Status.PROCESSING or (has_returned and order.is_payable)
    context |= {"next_look": looking.next_look(request), "look_again": looking.address(request)}
    return unlisted(render(request, "order.html", context))


def price_context(order: Order) -> dict[str, Any]:
    """What the table of an order's lines and sums shows."""
    price = order.price
    return {"order": order, "price": price, "taxes": list(zip(order.taxes.all(), price.taxes, strict=True))}


def refunds_of(order: Order) -> list[Refund]:
    """What went back or is on its way, the oldest first. The order is one of `purchase_of`."""
    if not order.has_money_back:  # type: ignore[attr-defined]
        return []
    refunds = Refund.objects.accepted().filter(payment__order=order)
    return list(refunds.select_related("payment").order_by("created", "id"))


def purchase_context(order: Order, others: list[Order]) -> dict[str, Any]:
    """The other orders of the same cart, how many of all are paid, and which one to go on with."""
    return {
        "others": others,
        "purchase_count": len(others) + 1,
        "paid_count": sum(one.is_paid for one in [order, *others]),
        "is_partly_free": not all(one.price.total for one in [order, *others]),
        "next_order": next((one for one in others if one.is_payable), None),
    }


def as_json(order: Order) -> dict[str, Any]:
    """Amounts are in minor units of the currency."""
    price = order.price
    return {
        "order": str(order.uuid),
        "status": order.status,
        "refunded": order.refunded,
        "currency": order.currency,
        "lines": [
            {
                "item": line.item_id,
                "name": line.name,
                "quantity": line.quantity,
                "unit_amount": line.unit_amount,
                "amount": line.amount,
            }
            for line in order.lines.all()
        ],
        "subtotal": price.subtotal,
        "discount": {"name": order.discount_name, "amount": price.discount} if order.discount_name else None,
        "taxes": [tax_as_json(tax, amount) for tax, amount in zip(order.taxes.all(), price.taxes, strict=True)],
        "amount": price.total,
        "url": order_address(order),
        "next": next_step(order),
    }


def tax_as_json(tax: OrderTax, amount: int) -> dict[str, Any]:
    """The percentage is a text, since it is exact."""
    return {
        "name": tax.display_name,
        "percentage": plain_percent(tax.percentage),
        "inclusive": tax.inclusive,
        "amount": amount,
    }


def others_as_json(others: list[Order]) -> list[dict[str, Any]]:
    return [
        {"url": order_address(one), "status": one.status, "currency": one.currency, "amount": one.price.total}
        for one in others
    ]


def next_step(order: Order) -> dict[str, str] | None:
    """What the shopper has to do: pay, wait, or nothing more."""
    if order.status == Order.Status.PENDING:
        return {"action": "pay", "method": "POST", "url": reverse("order-checkout", args=[order.uuid])}
    return {"action": "wait"} if order.status == Order.Status.PROCESSING else None


def order_address(order: Order) -> str:
    return reverse("order", args=[order.uuid])


def unlisted(response: HttpResponse) -> HttpResponse:
    """The link is the key to the order: no search engine and no other site may learn it."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    patch_vary_headers(response, ["Accept"])
    return response
