"""The catalog and an item's own page."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from payments import fulfillment
from payments.errors import NoKeypair
from payments.gateway.keys import currencies, keypair_for
from payments.models import Item
from payments.models.order_lines import MAXIMUM_QUANTITY
from payments.models.shown import Row, ShownItem, cards_shown, item_shown, items_of
from payments.views.heads import head_of_catalog, head_of_item
from payments.views.kept import kept
from payments.views.visitors import is_new, remember, visitor_of

PAGE_SIZE = 24
# So many or fewer are said, so that who wants one does not wait too long.
FEW = 5
CURRENCY = re.compile("[A-Z]{3}")


# The header shows what is in the visitor's cart.
@vary_on_cookie
@require_safe
def catalog_page(request: HttpRequest) -> HttpResponse:
    offered = currencies()
    currency = currency_named(request)
    after, before = row_id(request, "after"), row_id(request, "before")
    shown = [currency] if currency in offered else [] if currency else offered
    page = page_of(shown, after=after, before=before)
    known = currency if currency in offered else ""
    # Whatever else stands in the address is no page of its own.
    canonical = query(currency=known, after=after, before=before)
    return kept(
        request,
        "catalog.html",
        address=reverse("catalog") + (f"?{canonical}" if canonical else ""),
        made_of=(page, tuple(offered), currency),
        # Anybody can make up more addresses than memory holds; nearly everybody asks for a first page.
        keep=currency == known and after is None and before is None,
        context=lambda: {
            "head": head_of_catalog(request, known, canonical),
            "page": page,
            "items": items_of(page.rows),
            "currencies": offered,
            "currency": currency,
            "next_query": query(currency=currency, after=page.rows[-1][0]) if page.has_next else "",
            "previous_query": query(currency=currency, before=page.rows[0][0]) if page.has_previous else "",
        },
    )


@dataclass(frozen=True)
class Page:
    """`rows` are the values of its items, the id first."""

    rows: tuple[Row, ...]
    has_next: bool
    has_previous: bool


def page_of(currencies: list[str], *, after: int | None, before: int | None) -> Page:
    """Newest first. Pages hang on an item's id, not on a count, so that the last costs no more than the first."""
    rows = cards_shown(currencies, most=PAGE_SIZE + 1, after=after, before=before)
    has_more = len(rows) > PAGE_SIZE
    if before is not None:
        return Page(rows[-PAGE_SIZE:], has_next=bool(rows), has_previous=has_more)
    return Page(rows[:PAGE_SIZE], has_next=has_more, has_previous=after is not None and bool(rows))


def currency_named(request: HttpRequest) -> str:
    """The code of a currency, sold or not: no other text comes onto the page, nor into the pages that are kept."""
    code = request.GET.get("currency", "").upper()
    if code and not CURRENCY.fullmatch(code):
        raise Http404("There is no such page of the catalog.")
    return code


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
    shown = item_with_what_is_left(item_id)
    publishable_key = publishable_key_of(shown.item)
    response = kept(
        request,
        "item.html",
        address=shown.item.get_absolute_url(),
        made_of=(shown.rows, publishable_key),
        context=lambda: context_of_item(request, shown, publishable_key),
    )
    # A form can be sent twice before its first answer arrives: both must come from a visitor who is known.
    if publishable_key and is_new(request):
        remember(response, visitor_of(request))
    return response


def item_with_what_is_left(item_id: int) -> ShownItem:
    """What others did not pay in time is for sale again. Raises Http404."""
    try:
        shown = item_shown(item_id)
        if shown.item.is_sold_out and fulfillment.release_stock([item_id]):
            return item_shown(item_id)
    except Item.DoesNotExist:
        raise Http404 from None
    return shown


def context_of_item(request: HttpRequest, shown: ShownItem, publishable_key: str) -> dict[str, Any]:
    item = shown.item
    return {
        "head": head_of_item(request, item, can_be_bought=bool(publishable_key)),
        "item": item,
        "publishable_key": publishable_key,
        "few_left": item.stock is not None and item.stock <= FEW,
        "maximum_quantity": min(MAXIMUM_QUANTITY, item.stock or MAXIMUM_QUANTITY),
        "taxes": shown.taxes if publishable_key else [],
    }


def publishable_key_of(item: Item) -> str:
    """The key that the page gives to Stripe.js; empty if the item cannot be bought."""
    try:
        return keypair_for(item.currency).publishable_key if item.on_sale and not item.is_sold_out else ""
    except NoKeypair:
        return ""
