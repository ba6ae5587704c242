"""The shop's own payment page, and the PaymentIntent that it asks for."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from payments import brake, intents
from payments.errors import StorefrontError
from payments.gateway.keys import keypair_for
from payments.models import Item, Order, Payment
from payments.views.checkout import SeeOther, not_indexed, order_of_item, refused
from payments.views.limits import limited, who
from payments.views.negotiation import is_form_post
from payments.views.orders import find, order_address, price_context, unlisted, up_to_date
from payments.views.problems import problem_json, problem_page, status_of
from payments.views.sent import email_of, sent_values
from payments.views.visitors import remember, visitor_of


@never_cache
@require_safe
def pay_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    order, *_others = up_to_date(uuid)
    if not order.is_payable or order.price.total == 0:
        return unlisted(SeeOther(order_address(order)))
    try:
        publishable_key = keypair_for(order.currency).publishable_key
    except StorefrontError as error:
        return unlisted(problem_page(request, status_of(error), error.code, str(error), back=order_address(order)))
    return unlisted(render(request, "pay.html", price_context(order) | {"publishable_key": publishable_key}))


@csrf_exempt
@never_cache
@require_POST
@limited("intents")
def intent_of_order(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """For the page's script, and for programs."""
    try:
        return unlisted(JsonResponse(opened(request, find(uuid))))
    except StorefrontError as error:
        return unlisted(problem_json(status_of(error), error.code, str(error)))


# Anonymous: it acts for nobody who is signed in, so there is nothing for another site to borrow.
@csrf_exempt
@never_cache
@require_POST
@limited("intents")
def intent_of_item(request: HttpRequest, item_id: str) -> HttpResponse:
    """An order of a single item, and the way to pay it here."""
    visitor = visitor_of(request)
    try:
        response = offer(request, order_of_item(request, item_id, visitor))
    except Item.DoesNotExist:
        response = refused(request, item_id, 404, "not_found", _("There is no such item. Please choose another one."))
    except StorefrontError as error:
        response = refused(request, item_id, status_of(error), error.code, str(error))
    remember(response, visitor)
    return response


def offer(request: HttpRequest, order: Order) -> HttpResponse:
    url = reverse("order-pay", args=[order.uuid])
    if is_form_post(request):
        return SeeOther(url)
    return not_indexed(JsonResponse(opened(request, order) | {"order": str(order.uuid), "url": url}))


def opened(request: HttpRequest, order: Order) -> dict[str, Any]:
    """What Stripe.js needs. Without a client secret nothing was to be paid: the order is complete.

    An `email` that is sent along is where the shopper is written to. Stripe is not told it as `receipt_email`: it would
    write to the shopper as well.
    """
    brake.remember(order, who(request))
    email = email_of(sent_values(request))
    if email:
        order.take_email(email)
    payment = intents.open_intent(order=order)
    if payment is None:
        return {"client_secret": None, "publishable_key": None, "amount": 0, "currency": order.currency}
    return as_json(payment)


def as_json(payment: Payment) -> dict[str, Any]:
    """The amount is in minor units of the currency."""
    return {
        "client_secret": payment.client_secret,
        "publishable_key": payment.publishable_key,
        "amount": payment.amount,
        "currency": payment.currency,
    }
