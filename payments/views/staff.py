"""For staff and their programs: orders by their number. Nobody else learns whether there is one."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments.models import Item, Order
from payments.views.negotiation import for_programs
from payments.views.orders import as_json

if TYPE_CHECKING:
    from collections.abc import Callable

# A program that wants more asks for the next ones with ?before=<the last number>.
MAXIMUM_ORDERS = 100


def for_staff(view: "Callable[..., HttpResponse]") -> "Callable[..., HttpResponse]":
    """403 before anything is looked up, so that the answer tells nothing."""

    @for_programs
    @never_cache
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (request.user.is_staff and request.user.has_perm("payments.view_order")):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@for_staff
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    found: Order = get_object_or_404(Order.objects.prefetch_related("lines", "taxes"), pk=order_id)
    return JsonResponse(numbered(found))


@for_staff
def orders_of_item(request: HttpRequest, item_id: int) -> HttpResponse:
    """The newest orders that contain the item, in full."""
    item = get_object_or_404(Item, pk=item_id)
    lines = item.order_lines.order_by("-order")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal():
        lines = lines.filter(order__lt=int(before[:18]))
    newest = lines.values("order").distinct()[:MAXIMUM_ORDERS]
    orders = Order.objects.filter(pk__in=newest).prefetch_related("lines", "taxes")
    return JsonResponse({"item": item.pk, "orders": [numbered(found) for found in orders]})


def numbered(order: Order) -> dict[str, Any]:
    paid_at = order.paid_at and order.paid_at.isoformat()
    return {"id": order.pk, "created": order.created.isoformat(), "paid_at": paid_at, **as_json(order)}
