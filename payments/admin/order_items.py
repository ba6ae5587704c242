"""Items for the lines of an order: looked up as staff types, among those that can be sold."""

import re
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q, QuerySet
from django.forms import Select
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from payments.gateway.keys import currencies
from payments.models import Item
from payments.money import format_amount

AT_ONCE = 20


class ItemSelect(AutocompleteSelect):
    """Django's own field that looks things up, with an address of ours: it offers nothing that cannot be sold."""

    def get_url(self) -> str:
        return reverse("admin:order-items")

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The list opens within the page's content: at the end of the page nobody who hears it would look for it."""
        return super().build_attrs(*args, **kwargs) | {"data-dropdown-parent": "#content-start"}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """The choices of the form's field: what is chosen, and a few for a browser without scripts."""
        return Select.optgroups(self, name, value, attr)


def item_label(item: Item) -> str:
    return f"{item.name}, {format_amount(item.unit_amount, item.currency)}"


def for_sale() -> QuerySet[Item]:
    in_stock = Q(stock=None) | Q(stock__gt=0)
    return Item.objects.filter(in_stock, on_sale=True, currency__in=currencies())


def items_for_sale(request: HttpRequest) -> HttpResponse:
    """As the script of Django's admin reads it. They are found as in the list of items, first those of this name."""
    text, page = request.GET.get("term", "").replace("\0", ""), page_in(request)
    found, _ = admin.site.get_model_admin(Item).get_search_results(request, for_sale(), text)
    start = (page - 1) * AT_ONCE
    items = list(found[start : start + AT_ONCE + 1])
    named_so = for_sale().filter(name__iexact=text.strip())[:AT_ONCE] if page == 1 else []
    shown = dict.fromkeys([*named_so, *items[:AT_ONCE]])
    results = [{"id": str(item.pk), "text": item_label(item)} for item in shown]
    return JsonResponse({"results": results, "pagination": {"more": len(items) > AT_ONCE}})


def page_in(request: HttpRequest) -> int:
    page = request.GET.get("page", "")
    return int(page) if re.fullmatch("[1-9][0-9]{0,2}", page) else 1
