"""The list of items: as quick with a million of them as with a thousand.

Nothing counts or sorts all rows. Filters and the search in names are served by indexes; on SQLite, which has no index
for a part of a word, the search reads the names one by one.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from payments.admin.long_lists import CurrencyFilter, LongList, short
from payments.models import Item
from payments.models.catalog import LOW_STOCK

# The greatest number that a row's id can be.
GREATEST_ID = 2**63 - 1
# Python reads no number of thousands of digits.
MOST_DIGITS = 19
# What is shorter no index of parts of names has: of numbers so short the item that has it comes first.
LEAST_OF_A_PART = 3


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


class ItemList(LongList):
    list_display = ["picture_shown", "name", "on_sale", "price", "stock", "changed_short"]
    list_display_links = ["name"]
    list_editable = ["on_sale", "price", "stock"]
    list_filter = [CurrencyFilter, "on_sale", StockFilter]
    list_per_page = 50
    # A longer page would be more fields than Django takes from one form.
    list_max_show_all = list_per_page
    search_fields = ["name"]
    search_help_text = _("By words of the name, or parts of them, or by the item's number.")
    sortable_by = ["name"]

    class Media:
        css = {"all": ["shop/admin_items.css"]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        number = search_term.strip()
        is_number = number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
        by_number = queryset.filter(pk=int(number)) if is_number and int(number) <= GREATEST_ID else queryset.none()
        if is_number and len(number) < LEAST_OF_A_PART and by_number.exists():
            return by_number, False
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        return found | by_number, has_duplicates

    @admin.display(description=_("changed"))
    def changed_short(self, item: Item) -> str:
        return short(item.changed)

    @admin.display(description=_("picture"))
    def picture_shown(self, item: Item) -> SafeString | str:
        return thumbnail(item)


def thumbnail(item: Item) -> SafeString | str:
    if not item.picture_url:
        return ""
    image = '<img class="item-thumbnail" src="{}" alt="{}" width="40" height="40" loading="lazy">'
    return format_html(image, item.picture_url, item.name)
