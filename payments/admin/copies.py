"""Items in another currency: copies with a price by an exchange rate, or as typed, shown before they are made."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from djmoney.money import Money

from payments.admin import history
from payments.admin.new_prices import NewPrice, new_prices, times
from payments.admin.selections import back_to_list, chosen, opened, sealed, step
from payments.gateway.keys import currencies
from payments.models import Item

ITEMS, SHOWN = "items to be copied", "shown copies"
TEMPLATE = "admin/payments/item/copies.html"


class CopyForm(forms.Form):
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    rate = forms.DecimalField(
        label=gettext_lazy("Exchange rate"),
        required=False,
        min_value=Decimal("0.00000001"),
        max_digits=18,
        decimal_places=8,
        help_text=gettext_lazy("Prices are multiplied by it, and rounded to what the currency can have."),
    )
    price = forms.DecimalField(
        label=gettext_lazy("Or the new price"), required=False, min_value=0, max_digits=14, decimal_places=2
    )
    on_sale = forms.BooleanField(
        label=gettext_lazy("On sale at once"),
        required=False,
        help_text=gettext_lazy("Otherwise a copy is off sale until somebody has looked at it."),
    )

    def __init__(self, items: list[Item], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(code, code) for code in currencies() if code != items[0].currency]
        choices = others if len(others) == 1 else [("", _("Choose a currency")), *others]
        self.fields["currency"] = forms.ChoiceField(label=self.fields["currency"].label, choices=choices)
        if len(items) > 1:
            del self.fields["price"]
            self.fields["rate"].required = True

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "price" in self.fields and not self.errors and (values["rate"] is None) == (values["price"] is None):
            raise forms.ValidationError(_("Write either an exchange rate or the new price."))
        return values

    def price_of(self, item: Item) -> Money:
        values = self.cleaned_data
        if values["rate"] is None:
            return Money(values["price"], values["currency"])
        return times(item.price, values["rate"], values["currency"])


class Copies(admin.ModelAdmin):
    @admin.action(description=gettext_lazy("Duplicate into another currency"), permissions=["add"])
    def copy_items(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        items = chosen(request, queryset)
        return form_page(request, items) if items and can_be_copied(request, items) else None

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("copies/", self.admin_site.admin_view(self.copies), name="item-copies"),
            path("<int:item_id>/copy/", self.admin_site.admin_view(self.copy_item), name="item-copy"),
        ]
        return [*pages, *super().get_urls()]

    def copy_item(self, request: HttpRequest, item_id: int) -> HttpResponse:
        require(self.has_view_permission(request) and self.has_add_permission(request))
        items = [get_object_or_404(Item, pk=item_id)]
        if can_be_copied(request, items):
            return form_page(request, items)
        return HttpResponseRedirect(reverse("admin:payments_item_change", args=[item_id]))

    def copies(self, request: HttpRequest) -> HttpResponse:
        require(self.has_view_permission(request) and self.has_add_permission(request))
        shown: Any = opened(SHOWN, request.POST.get("shown", ""))
        if shown:
            return save(request, shown)
        ids: Any = opened(ITEMS, request.POST.get("items", ""))
        items = list(Item.objects.filter(pk__in=ids or []).order_by("pk"))
        if not items:
            return back_to_list(request)
        form = CopyForm(items, request.POST if "currency" in request.POST else None)
        return preview(request, form, items) if form.is_valid() else form_page(request, items, form)


def require(is_allowed: bool) -> None:
    if not is_allowed:
        raise PermissionDenied


def can_be_copied(request: HttpRequest, items: list[Item]) -> bool:
    """If not, it is said why."""
    present = {item.currency for item in items}
    if len(present) > 1:
        messages.error(request, _("Choose items of one currency, for example by the filter: a rate is for one."))
    elif not set(currencies()) - present:
        messages.error(request, _("There is no other currency: add its keypair first."))
    else:
        return True
    return False


def form_page(request: HttpRequest, items: list[Item], form: CopyForm | None = None) -> HttpResponse:
    context = {"form": form or CopyForm(items), "items": sealed(ITEMS, [item.pk for item in items]), "sources": items}
    return step(request, TEMPLATE, _("Duplicate into another currency"), context)


def preview(request: HttpRequest, form: CopyForm, items: list[Item]) -> HttpResponse:
    values = form.cleaned_data
    rows = list(without_present(new_prices(items, form.price_of), items, values["currency"]))
    good = [row for row in rows if not row.problem]
    shown = {
        "currency": values["currency"],
        "on_sale": values["on_sale"],
        "prices": {str(row.item.pk): str(row.after.amount) for row in good},
    }
    context = {
        "rows": rows,
        "good": len(good),
        "refused": len(rows) - len(good),
        "counted": sum(row.item.stock is not None for row in good),
        "on_sale": values["on_sale"],
        "shown": sealed(SHOWN, shown),
        "items": sealed(ITEMS, [item.pk for item in items]),
    }
    return step(request, TEMPLATE, _("Duplicate into another currency"), context)


def without_present(rows: Iterable[NewPrice], items: list[Item], currency: str) -> Iterator[NewPrice]:
    """What was copied before is not copied again, also by a second click."""
    names = Item.objects.filter(currency=currency, name__in={item.name for item in items})
    taken = set(names.values_list("name", flat=True))
    for row in rows:
        is_taken = row.item.name in taken
        taken.add(row.item.name)
        text = _("There is an item of this name in %(currency)s already.") % {"currency": currency}
        yield NewPrice(row.item, row.after, text) if is_taken and not row.problem else row


def save(request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    prices = {int(pk): Money(amount, shown["currency"]) for pk, amount in shown["prices"].items()}
    with transaction.atomic():
        sources = list(Item.objects.filter(pk__in=list(prices)).select_for_update().order_by("pk"))
        priced = new_prices(sources, lambda item: prices[item.pk])
        rows = list(without_present(priced, sources, shown["currency"]))
        good = [row for row in rows if not row.problem]
        copies = [copy_of(row, on_sale=shown["on_sale"]) for row in good]
        Item.objects.bulk_create(copies, batch_size=history.ROWS_AT_ONCE)
        notes = [(copy, made_from(row.item)) for copy, row in zip(copies, good, strict=True)]
        history.note(request, ADDITION, notes)
    return told(request, copies, left_out=len(prices) - len(copies))


def copy_of(row: NewPrice, *, on_sale: bool) -> Item:
    """The goods stay counted where they are: who sells some of them in the other currency moves them there."""
    same = {name: getattr(row.item, name) for name in ("name", "description", "picture")}
    return Item(price=row.after, on_sale=on_sale, stock=None if row.item.stock is None else 0, **same)


def made_from(source: Item) -> history.Message:
    return [{"added": {"name": gettext_noop("copy of item"), "object": f"{source} ({source.pk})"}}]


def told(request: HttpRequest, copies: list[Item], left_out: int) -> HttpResponse:
    if left_out:
        text = ngettext(
            "%(count)s item was not copied: meanwhile it was deleted, or copied already.",
            "%(count)s items were not copied: meanwhile they were deleted, or copied already.",
            left_out,
        )
        messages.warning(request, text % {"count": left_out})
    if copies:
        text = ngettext("%(count)s item was copied.", "%(count)s items were copied.", len(copies))
        messages.success(request, text % {"count": len(copies)})
    if len(copies) == 1:
        return HttpResponseRedirect(reverse("admin:payments_item_change", args=[copies[0].pk]))
    return back_to_list(request)
