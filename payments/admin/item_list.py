"""The list of items: as quick with a million of them as with a thousand.

Nothing counts or sorts all rows. Filters and the search in names are served by indexes; on SQLite, which has no index
for a part of a word, the search reads the names one by one.
"""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from payments.admin.long_lists import LongChangeList
from payments.gateway.keys import every_keypair
from payments.models import Item
from payments.models.catalog import LOW_STOCK

# The greatest number that a row's id can be.
GREATEST_ID = 2**63 - 1
# Python reads no number of thousands of digits.
MOST_DIGITS = 19


class CappedPaginator(Paginator):
    """Counts no further than a person turns pages: what comes later is found by search and filters."""

    MOST_COUNTED = 10_000

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[: self.MOST_COUNTED].count()

    @property
    def is_capped(self) -> bool:
        return self.count == self.MOST_COUNTED


class CurrencyFilter(admin.SimpleListFilter):
    """Offers the currencies of keypairs, which are known without a look at the items."""

    title = _("currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = sorted({keypair.currency for keypair in every_keypair()} | {self.used_parameters.get("currency", "")})
        return [(code, code) for code in known if code]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(currency=self.value()) if self.value() else queryset


class StockFilter(admin.SimpleListFilter):
    title = _("stock")
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        low = _("Low: %(count)s or fewer") % {"count": LOW_STOCK}
        return [("none", _("Sold out")), ("few", low)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            # The second condition lets SQLite see that the index of the next line serves as well.
            return queryset.filter(stock=0, stock__lte=LOW_STOCK)
        return queryset.filter(stock__lte=LOW_STOCK) if self.value() == "few" else queryset


class ItemList(admin.ModelAdmin):
    list_display = ["picture_shown", "name", "on_sale", "price", "stock", "changed"]
    list_display_links = ["name"]
    list_editable = ["on_sale", "price", "stock"]
    list_filter = [CurrencyFilter, "on_sale", StockFilter]
    list_per_page = 50
    # A longer page would be more fields than Django takes from one form.
    list_max_show_all = list_per_page
    paginator = CappedPaginator
    search_fields = ["name"]
    search_help_text = _("By words of the name, or parts of them, or by the item's number.")
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ["name"]

    class Media:
        css = {"all": ["shop/admin_items.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LongChangeList]:
        return LongChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        number = search_term.strip()
        if number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS and int(number) <= GREATEST_ID:
            found |= queryset.filter(pk=int(number))
        return found, has_duplicates

    @admin.display(description=_("picture"))
    def picture_shown(self, item: Item) -> SafeString | str:
        return thumbnail(item)


def thumbnail(item: Item) -> SafeString | str:
    if not item.picture_url:
        return ""
    image = '<img class="item-thumbnail" src="{}" alt="{}" width="40" height="40" loading="lazy">'
    return format_html(image, item.picture_url, item.name)
