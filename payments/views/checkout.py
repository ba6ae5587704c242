"""`/buy/<id>`: from an item to the page where it is paid."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from payments import brake, checkout, offers, pricing
from payments.errors import OrderClosed, PriceChanged, StorefrontError
from payments.models import Item, NewOrder, Order, Payment
from payments.money import format_amount, require_chargeable
from payments.views.limits import limited, who
from payments.views.negotiation import is_form_post
from payments.views.problems import problem_json, problem_page, status_of
from payments.views.sent import item_on_sale, quantity_of, sent_values
from payments.views.visitors import remember, visitor_of


class SeeOther(HttpResponseRedirect):
    status_code = 303


# Anonymous: it acts for nobody who is signed in, so there is nothing for another site to borrow.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("buys")
def buy(request: HttpRequest, item_id: str) -> HttpResponse:
    visitor = visitor_of(request)
    try:
        response = offer(request, item_id, visitor)
    except Item.DoesNotExist:
        response = refused(request, item_id, 404, "not_found", _("There is no such item. Please choose another one."))
    except StorefrontError as error:
        response = refused(request, item_id, status_of(error), error.code, str(error))
    if request.method != "HEAD":
        remember(response, visitor)
    return response


def offer(request: HttpRequest, item_id: str, visitor: str) -> HttpResponse:
    item, quantity = what_is_bought(request, item_id)
    if request.method == "HEAD":
        return HttpResponse(content_type="application/json")
    new, asked_by = NewOrder.of_item(item, quantity), who(request)
    begun = offers.begin_first(new, Payment.Method.CHECKOUT, visitor=visitor, asked_by=asked_by)
    order = begun[0].order if begun else order_before(new, visitor, asked_by)
    try:
        payment = checkout.open_session(order=order, origin=origin_of(request), begun=begun)
    except OrderClosed:
        # It was paid a moment ago: a person is shown so.
        if is_form_post(request):
            return SeeOther(reverse("order", args=[order.uuid]))
        raise
    if payment is None:
        return SeeOther(reverse("order", args=[order.uuid]))
    return see_payment_page(request, payment)


def order_before(new: NewOrder, visitor: str, asked_by: brake.Visitor) -> Order:
    order = Order.objects.for_one(new, visitor=visitor)
    brake.remember(order, asked_by)
    return order


def order_of_item(request: HttpRequest, item_id: str, visitor: str) -> Order:
    """The visitor's order of the item, as the request says. Raises Item.DoesNotExist or a StorefrontError."""
    item, quantity = what_is_bought(request, item_id)
    return Order.objects.for_item(item, quantity=quantity, visitor=visitor)


def what_is_bought(request: HttpRequest, item_id: str) -> tuple[Item, int]:
    item = item_on_sale(item_id)
    sent = sent_values(request)
    quantity = quantity_of(sent)
    require_price_as_shown(sent, item)
    require_chargeable(pricing.line_amount(item.unit_amount, quantity), item.currency)
    return item, quantity


def require_price_as_shown(sent: dict[str, Any], item: Item) -> None:
    """Raise PriceChanged if the page said another `unit_amount` or `currency`; who says none takes the present one."""
    shown = (str(sent.get("unit_amount", item.unit_amount)), sent.get("currency", item.currency))
    if shown != (str(item.unit_amount), item.currency):
        price = format_amount(item.unit_amount, item.currency)
        words = _("The price is now %(price)s. Please look at the item again before you buy.")
        raise PriceChanged(words % {"price": price})


def origin_of(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def see_payment_page(request: HttpRequest, payment: Payment) -> HttpResponse:
    if is_form_post(request):
        return SeeOther(payment.url)
    return not_indexed(JsonResponse(session_as_json(payment)))


def session_as_json(payment: Payment) -> dict[str, str]:
    return {"id": payment.checkout_session_id, "url": payment.url, "publishable_key": payment.publishable_key}


def refused(request: HttpRequest, item_id: str, status: int, code: str, message: str) -> HttpResponse:
    if is_form_post(request):
        back = reverse("catalog") if status == 404 else reverse("item", args=[item_id])
        return problem_page(request, status, code, message, back=back)
    return not_indexed(problem_json(status, code, message))


def not_indexed(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
