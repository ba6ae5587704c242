"""Prices of many items, changed by percent: asked for, shown item by item, and saved as shown."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from djmoney.money import Money

from payments.admin import history
from payments.admin.new_prices import NewPrice, in_words, new_prices, times
from payments.admin.selections import back_to_list, chosen, opened, sealed, step
from payments.models import Item

ITEMS, SHOWN = "items of a price change", "shown price change"
TEMPLATE = "admin/payments/item/prices.html"


class PercentForm(forms.Form):
    percent = forms.DecimalField(
        label=gettext_lazy("Percent"),
        min_value=-100,
        max_value=1000,
        max_digits=6,
        decimal_places=2,
        help_text=gettext_lazy("5 raises each price by 5%, -10 lowers it by 10%."),
    )


class PriceChanges(admin.ModelAdmin):
    @admin.action(description=gettext_lazy("Change prices by percent"), permissions=["change"])
    def change_prices(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        items = chosen(request, queryset)
        return form_page(request, PercentForm(), [item.pk for item in items]) if items else None

    def get_urls(self) -> list[URLPattern]:
        page = path("prices/", self.admin_site.admin_view(self.prices), name="item-prices")
        return [page, *super().get_urls()]

    def prices(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        shown: Any = opened(SHOWN, request.POST.get("shown", ""))
        if shown:
            return save(request, shown)
        ids: Any = opened(ITEMS, request.POST.get("items", ""))
        if not ids:
            return back_to_list(request)
        form = PercentForm(request.POST if "percent" in request.POST else None)
        return preview(request, form, ids) if form.is_valid() else form_page(request, form, ids)


def form_page(request: HttpRequest, form: PercentForm, ids: list[int]) -> HttpResponse:
    context = {"form": form, "items": sealed(ITEMS, ids), "count": len(ids)}
    return step(request, TEMPLATE, _("Change prices by percent"), context)


def preview(request: HttpRequest, form: PercentForm, ids: list[int]) -> HttpResponse:
    percent = form.cleaned_data["percent"]
    rows = list(rows_of(Item.objects.filter(pk__in=ids).order_by("pk"), percent))
    good = [row for row in rows if not row.problem]
    shown = {"percent": str(percent), "prices": [[row.item.pk, *parts(row.before)] for row in good]}
    context = {
        "rows": rows,
        "good": len(good),
        "refused": len(rows) - len(good),
        "shown": sealed(SHOWN, shown),
        "items": sealed(ITEMS, ids),
    }
    return step(request, TEMPLATE, _("Change prices by percent"), context)


def rows_of(items: QuerySet[Item], percent: Decimal) -> Iterator[NewPrice]:
    factor = 1 + percent / 100
    for row in new_prices(items, lambda item: times(item.price, factor, item.currency)):
        stays = row.after == row.before and not row.problem
        yield NewPrice(row.item, row.after, _("It stays as it is.")) if stays else row


def parts(price: Money) -> list[str]:
    return [str(price.amount), str(price.currency)]


def save(request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    """Only what was shown: a price that is another by now stays, and is said."""
    before = {pk: Money(amount, currency) for pk, amount, currency in shown["prices"]}
    with transaction.atomic():
        items = Item.objects.filter(pk__in=list(before)).select_for_update().order_by("pk")
        rows = list(rows_of(items, Decimal(shown["percent"])))
        same, skipped = [], []
        for row in rows:
            if row.before == before[row.item.pk] and not row.problem:
                same.append(row)
            else:
                # Read before it is written over.
                skipped.append(changed_meanwhile(row))
        write(same, request)
    missing = len(before) - len(rows)
    if not skipped and not missing:
        return told(request, len(same))
    context = {"rows": skipped, "saved": len(same), "missing": missing, "is_done": True}
    return step(request, TEMPLATE, _("Change prices by percent"), context)


def changed_meanwhile(row: NewPrice) -> NewPrice:
    text = _("Not changed: meanwhile its price became %(price)s.") % {"price": in_words(row.before)}
    return NewPrice(row.item, row.before, text)


def write(rows: list[NewPrice], request: HttpRequest) -> None:
    notes = [(row.item, history.changed([history.price_change(row.before, row.after)])) for row in rows]
    now = timezone.now()
    for row in rows:
        row.item.price, row.item.changed = row.after, now
    Item.objects.bulk_update([row.item for row in rows], ["price", "changed"], batch_size=history.ROWS_AT_ONCE)
    history.note(request, CHANGE, notes)


def told(request: HttpRequest, count: int) -> HttpResponse:
    text = ngettext("%(count)s price was changed.", "%(count)s prices were changed.", count)
    messages.success(request, text % {"count": count})
    return back_to_list(request)
