"""The catalog and an item's own page."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from payments import fulfillment
from payments.errors import NoKeypair
from payments.gateway.keys import currencies, keypair_for
from payments.models import Item, Tax
from payments.models.catalog import ItemQuerySet
from payments.models.order_lines import MAXIMUM_QUANTITY
from payments.views.heads import head_of_catalog, head_of_item
from payments.views.visitors import is_new, remember, visitor_of

PAGE_SIZE = 24
# So many or fewer are said, so that who wants one does not wait too long.
FEW = 5


# The header shows what is in the visitor's cart.
@vary_on_cookie
@require_safe
def catalog_page(request: HttpRequest) -> HttpResponse:
    offered = currencies()
    currency = request.GET.get("currency", "").upper()
    items = Item.objects.for_sale([currency] if currency in offered else [] if currency else offered)
    after, before = row_id(request, "after"), row_id(request, "before")
    page = page_of(items, after=after, before=before)
    known = currency if currency in offered else ""
    context = {
        "head": head_of_catalog(request, known, query(currency=known, after=after, before=before)),
        "page": page,
        "currencies": offered,
        "currency": currency,
        "next_query": query(currency=currency, after=page.items[-1].pk) if page.has_next else "",
        "previous_query": query(currency=currency, before=page.items[0].pk) if page.has_previous else "",
    }
    return render(request, "catalog.html", context)


@dataclass(frozen=True)
class Page:
    items: list[Item]
    has_next: bool
    has_previous: bool


def page_of(items: ItemQuerySet, *, after: int | None, before: int | None) -> Page:
    """Newest first. Pages hang on an item's id, not on a count, so that the last costs no more than the first."""
    if before is not None:
        rows = list(items.filter(pk__gt=before).order_by("pk")[: PAGE_SIZE + 1])
        return Page(items=rows[PAGE_SIZE - 1 :: -1], has_next=bool(rows), has_previous=len(rows) > PAGE_SIZE)
    rows = list((items.filter(pk__lt=after) if after is not None else items)[: PAGE_SIZE + 1])
    return Page(
        items=rows[:PAGE_SIZE],
        has_next=len(rows) > PAGE_SIZE,
        has_previous=after is not None and bool(rows),
    )


def row_id(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise Http404("There is no such page of the catalog.")
    return int(value)


def query(**parameters: object) -> str:
    return urlencode({name: value for name, value in parameters.items() if value})


@vary_on_cookie
@require_safe
def item_page(request: HttpRequest, item_id: int) -> HttpResponse:
    item = get_object_or_404(Item, pk=item_id)
    if item.is_sold_out and fulfillment.release_stock([item.pk]):
        item.refresh_from_db()
    publishable_key = publishable_key_of(item)
    context = {
        "head": head_of_item(request, item, can_be_bought=bool(publishable_key)),
        "item": item,
        "publishable_key": publishable_key,
        "few_left": item.stock is not None and item.stock <= FEW,
        "maximum_quantity": min(MAXIMUM_QUANTITY, item.stock or MAXIMUM_QUANTITY),
        "taxes": Tax.objects.put_on(item.currency) if publishable_key else [],
    }
    response = render(request, "item.html", context)
    # A form can be sent twice before its first answer arrives: both must come from a visitor who is known.
    if publishable_key and is_new(request):
        remember(response, visitor_of(request))
        patch_cache_control(response, private=True)
    return response


def publishable_key_of(item: Item) -> str:
    """The key that the page gives to Stripe.js; empty if the item cannot be bought."""
    try:
        return keypair_for(item.currency).publishable_key if item.on_sale and not item.is_sold_out else ""
    except NoKeypair:
        return ""
