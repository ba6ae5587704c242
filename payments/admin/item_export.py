"""Items as a spreadsheet, to be changed and imported: those that the list's filters found, or that were ticked."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from djmoney.money import Money

from payments.admin.item_resource import COLUMNS, ItemResource
from payments.admin.spreadsheets import written_csv, written_xlsx
from payments.gateway.keys import currencies
from payments.models import Item
from payments.money import price_decimals

MOST_EXPORTED = 20_000
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Exports(admin.ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = [
            path("export.xlsx", view(self.export_list), {"kind": "xlsx"}, name="item-export-xlsx"),
            path("export.csv", view(self.export_list), {"kind": "csv"}, name="item-export-csv"),
            path("import/sample.xlsx", view(self.sample), {"kind": "xlsx"}, name="item-sample-xlsx"),
            path("import/sample.csv", view(self.sample), {"kind": "csv"}, name="item-sample-csv"),
        ]
        return [*pages, *super().get_urls()]

    def export_list(self, request: HttpRequest, kind: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        address = reverse("admin:payments_item_changelist")
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(address)
        return export(request, found, kind) or HttpResponseRedirect(f"{address}?{request.GET.urlencode()}")

    @admin.action(description=gettext_lazy("Export as XLSX"), permissions=["view"])
    def export_xlsx(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return export(request, queryset, "xlsx")

    @admin.action(description=gettext_lazy("Export as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return export(request, queryset, "csv")

    def sample(self, request: HttpRequest, kind: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return file_of(sample_items(), kind, _("items-sample"))


def export(request: HttpRequest, queryset: QuerySet[Item], kind: str) -> HttpResponse | None:
    """None, and said so, if they are too many."""
    items = list(queryset.order_by("pk")[: MOST_EXPORTED + 1])
    if len(items) > MOST_EXPORTED:
        text = _("At most %(count)s items can be exported at once: choose fewer, for example by a filter.")
        messages.error(request, text % {"count": MOST_EXPORTED})
        return None
    return file_of(items, kind, _("items"))


def file_of(items: Iterable[Item], kind: str, name: str) -> HttpResponse:
    is_csv = kind == "csv"
    table = ItemResource().export(items, as_text=is_csv)
    rows: list[Any] = [COLUMNS, *table]
    content = written_csv(rows) if is_csv else written_xlsx(rows)
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(content, content_type=CONTENT_TYPES[kind], headers=disposition)


def sample_items() -> list[Item]:
    """Two rows that can be imported as they are."""
    currency = next(iter(currencies()), "")
    price = round(Decimal(1900), price_decimals(currency))
    mug = {"name": _("Sample mug"), "description": _("Holds tea."), "picture": "pictures/stoneware-mug.svg"}
    plate = {"name": _("Sample plate"), "stock": 12, "on_sale": False}
    return [Item(price=Money(price, currency), **values) for values in (mug, plate)]
