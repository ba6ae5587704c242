"""Packing slips to print: what goes into the parcels of orders that are paid. Prices are nobody's business there."""

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from payments.models import Order

MOST_AT_ONCE = 100


def address_of_slips(ids: list[int]) -> str:
    query = QueryDict(mutable=True)
    query.setlist("order", [str(pk) for pk in ids])
    return f"{reverse('admin:order-packing-slips')}?{query.urlencode()}"


def slips_page(request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse:
    """The caller has seen to it that the user may see orders."""
    asked = [int(pk) for pk in request.GET.getlist("order") if pk.isascii() and pk.isdecimal() and len(pk) < 19]
    found = list(orders.filter(pk__in=asked[:MOST_AT_ONCE]).order_by("id").prefetch_related("lines"))
    context = admin.site.each_context(request) | {
        "slips": [order for order in found if order.is_paid],
        "unpaid": [order for order in found if not order.is_paid],
        "shop_language": settings.LANGUAGE_CODE,
    }
    return render(request, "admin/payments/order/packing_slips.html", context)
