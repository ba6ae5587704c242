"""The cart's page, what can be done with it, and the way from it to the orders."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from payments import brake, cart, checkout, fulfillment
from payments.cart import Basket, Cart, Group
from payments.errors import ForeignRequest, NotOnSale, PriceChanged, StorefrontError, TooMany
from payments.models import Item, Order, OrderLine
from payments.models.order_lines import MAXIMUM_QUANTITY
from payments.models.purchases import hash_of
from payments.views.baskets import basket_of, keep
from payments.views.cart_fields import as_typed, code_of, quantities_typed, with_code, with_quantities
from payments.views.checkout import SeeOther, not_indexed, origin_of
from payments.views.limits import limited, slow_down, who
from payments.views.negotiation import prefers_json
from payments.views.orders import find, order_address, tax_as_json
from payments.views.problems import problem_json, problem_page, status_of
from payments.views.same_origin import page_before, require_same_origin
from payments.views.sent import item_on_sale, quantity_of, sent_values
from payments.views.visitors import remember, visitor_of

Change = Callable[..., tuple[Basket, str]]
View = Callable[..., HttpResponse]


@never_cache
@require_safe
def cart_page(request: HttpRequest) -> HttpResponse:
    basket = basket_of(request)
    shown = cart.look_into(basket)
    context = {"cart": shown, "maximum_quantity": MAXIMUM_QUANTITY}
    if prefers_json(request):
        html = render_to_string("includes/cart.html", context, request)
        response: HttpResponse = JsonResponse({**as_json(shown), "count": basket.count, "html": html})
    else:
        response = render(request, "cart.html", context)
    # A checkout can be sent twice before its first answer arrives: both must come from a visitor who is known.
    remember(response, visitor_of(request))
    return not_indexed(response)


def as_json(shown: Cart) -> dict[str, Any]:
    """Amounts are in minor units of the currency. `content` is to be sent with the checkout."""
    return {
        "content": shown.content,
        "orders": [group_as_json(group) for group in shown.groups],
        "unavailable": [entry.item_id for entry, _ in shown.unavailable],
        "code": shown.code,
        "code_problem": shown.code_problem,
    }


def group_as_json(group: Group) -> dict[str, Any]:
    """As an order is written, and why it cannot be ordered (`problem`) or has no discount."""
    discount = group.offer.discount
    return {
        "currency": group.currency,
        "lines": [
            {
                "item": line.item.pk,
                "name": line.item.name,
                "quantity": line.quantity,
                "unit_amount": line.item.unit_amount,
                "unit_amount_before": line.entry.unit_amount,
                "amount": line.amount,
            }
            for line in group.lines
        ],
        "subtotal": group.price.subtotal,
        "discount": {"name": discount.name, "amount": group.price.discount} if discount else None,
        "taxes": [tax_as_json(tax, amount) for tax, amount in group.taxes],
        "amount": group.price.total,
        "problem": group.problem,
        "discount_problem": group.discount_problem,
    }


def posted(view: View) -> View:
    """Anonymous, and refused to other sites by what the browser says: so there is no need of a token."""

    @wraps(view)
    def from_our_pages(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            require_same_origin(request)
        except ForeignRequest as error:
            if prefers_json(request):
                return problem_json(status_of(error), error.code, str(error))
            return problem_page(request, status_of(error), error.code, str(error), back=reverse("cart"))
        return view(request, *args, **kwargs)

    return csrf_exempt(never_cache(require_POST(from_our_pages)))


def changes_cart(change: Change) -> View:
    """A view from a function that makes another basket of the visitor's, with a message."""

    @wraps(change)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            basket, message = change(request, basket_of(request), *args, **kwargs)
            response = done(request, basket, message)
            keep(response, basket)
        except Item.DoesNotExist:
            return refused(request, 404, "not_found", gettext("There is no such item. Please choose another one."))
        except TooMany as error:
            return slow_down(request, error)
        except StorefrontError as error:
            return refused(request, status_of(error), error.code, str(error))
        messages_for_form(request, message, messages.SUCCESS)
        return response

    return posted(view)


def done(request: HttpRequest, basket: Basket, message: str, *, next_page: str = "") -> HttpResponse:
    if prefers_json(request):
        return JsonResponse({"count": basket.count, "message": message})
    return SeeOther(next_page or page_before(request))


def refused(
    request: HttpRequest, status: int, code: str, message: str, *, back: str = "", level: int = messages.ERROR
) -> HttpResponse:
    if prefers_json(request):
        return problem_json(status, code, message)
    messages_for_form(request, message, level)
    return SeeOther(back or page_before(request))


def messages_for_form(request: HttpRequest, message: str, level: int) -> None:
    """The next page says it; a script has been told already."""
    if not prefers_json(request):
        messages.add_message(request, level, message)


@changes_cart
def add(request: HttpRequest, basket: Basket, item_id: int) -> tuple[Basket, str]:
    item = item_on_sale(str(item_id))
    item.require_in_stock()
    sent = sent_values(request)
    unit_amount = shown_amount(sent, item)
    return (
        cart.add(basket, item, quantity=quantity_of(sent), unit_amount=unit_amount),
        gettext("%(item)s is in your cart.") % {"item": item.name},
    )


def shown_amount(sent: dict[str, Any], item: Item) -> int:
    """The price that the page said, so that the cart points out a change; the present one if it said none."""
    text = str(sent.get("unit_amount", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else item.unit_amount


@changes_cart
def change(request: HttpRequest, basket: Basket, item_id: int) -> tuple[Basket, str]:
    changed = basket.change(item_id, quantity=quantity_of(sent_values(request), least=0))
    return changed, what_changed(basket, changed)


@changes_cart
def update(request: HttpRequest, basket: Basket) -> tuple[Basket, str]:
    """All that was typed on the cart's page."""
    changed = as_typed(basket, sent_values(request), who(request))
    return changed, what_changed(basket, changed)


def what_changed(before: Basket, after: Basket) -> str:
    if after.entries and after.code != before.code:
        return code_in_words(after.code)
    is_removed = len(after.entries) < len(before.entries)
    return gettext("The item is removed from your cart.") if is_removed else gettext("The quantity is changed.")


def code_in_words(code: str) -> str:
    if not code:
        return gettext("Your cart has no discount code now.")
    return gettext("The code %(code)s is in your cart.") % {"code": code}


@changes_cart
def remove(request: HttpRequest, basket: Basket, item_id: int) -> tuple[Basket, str]:
    typed = quantities_typed(sent_values(request))
    typed.pop(item_id, None)
    return with_quantities(basket.without([item_id]), typed), gettext("The item is removed from your cart.")


@changes_cart
def code(request: HttpRequest, basket: Basket) -> tuple[Basket, str]:
    sent = sent_values(request)
    typed = code_of(sent)
    changed = with_quantities(basket, quantities_typed(sent))
    return with_code(changed, typed, who(request)), code_in_words(typed)


@posted
@limited("buys")
def check_out(request: HttpRequest) -> HttpResponse:
    visitor, basket = visitor_of(request), basket_of(request)
    try:
        sent = sent_values(request)
        typed = as_typed(basket, sent, who(request))
        if typed != basket:
            return show_again(request, typed)
        orders = order(str(sent.get("content", "")), basket, visitor)
    except TooMany as error:
        return slow_down(request, error)
    except StorefrontError as error:
        return refused(request, status_of(error), error.code, str(error), back=reverse("cart"))
    response = way_to_pay(request, orders)
    keep(response, basket.without(ordered_entries(basket, orders)))
    remember(response, visitor)
    return response


def show_again(request: HttpRequest, typed: Basket) -> HttpResponse:
    """What was typed makes another total, and nobody has seen it yet. Raises CartFull."""
    message = gettext(
        "Your cart has what you typed. Nothing was ordered yet: please look at the total, then check out."
    )
    response = refused(request, 409, PriceChanged.code, message, back=reverse("cart"), level=messages.INFO)
    keep(response, typed)
    return response


@posted
def take_order(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What an order has that is not paid yet, in the cart again, to be changed there; its payment pages are closed."""
    unpaid = find(uuid)
    try:
        unpaid.require_payable()
        fulfillment.take_back_offers(unpaid)
        basket = cart.with_order(basket_of(request), unpaid)
        words = gettext("What order %(number)s has is in your cart: change it there, and check out again.")
        message = words % {"number": unpaid.pk}
        response = done(request, basket, message, next_page=reverse("cart"))
        keep(response, basket)
    except StorefrontError as error:
        return refused(request, status_of(error), error.code, str(error), back=order_address(unpaid))
    messages_for_form(request, message, messages.SUCCESS)
    return response


def order(shown: str, basket: Basket, visitor: str) -> list[Order]:
    """The orders of what the page showed: those that a first click made, or new ones if nothing changed since."""
    purchase_key = hash_of(visitor, shown)
    orders = Order.objects.under_way(purchase_key)
    if orders:
        return orders
    present = cart.look_into(basket)
    require_as_shown(present, shown)
    return Order.objects.for_purchase(present.offers, purchase_key=purchase_key)


def require_as_shown(present: Cart, shown: str) -> None:
    """Raise what stands against ordering it."""
    if not present.groups:
        raise NotOnSale(gettext("There is nothing in your cart that can be ordered."))
    if present.content != shown:
        raise PriceChanged(
            gettext("Your cart has changed since you saw it, and nothing was ordered: please look at it again.")
        )
    for group in present.groups:
        group.require_orderable()


def ordered_entries(basket: Basket, orders: list[Order]) -> list[int]:
    """Items that are in the basket as they were ordered; one put in again meanwhile stays."""
    lines = OrderLine.objects.filter(order__in=orders).values_list("item_id", "quantity")
    ordered = set(lines)
    return [entry.item_id for entry in basket.entries if (entry.item_id, entry.quantity) in ordered]


def way_to_pay(request: HttpRequest, orders: list[Order]) -> HttpResponse:
    """To Stripe's page; if there are several to pay, to the first order's, which says so."""
    address = order_address(orders[0]) if len(orders) > 1 else payment_page(request, orders[0])
    if prefers_json(request):
        return JsonResponse({"url": address, "orders": [order_address(one) for one in orders]})
    return SeeOther(address)


def payment_page(request: HttpRequest, only: Order) -> str:
    brake.remember(only, who(request))
    try:
        payment = checkout.open_session(order=only, origin=origin_of(request))
    except StorefrontError as error:
        # The order is made: its page says what is wrong, and offers to try again.
        messages.error(request, str(error))
        return order_address(only)
    return payment.url if payment else order_address(only)
