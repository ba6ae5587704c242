"""The lines of an order, as staff composes it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest

from payments.gateway.keys import currencies
from payments.models import Item, Order, OrderLine
from payments.models.order_lines import MAXIMUM_LINES
from payments.money import format_amount


class OrderLineForm(forms.ModelForm):
    class Meta:
        model = OrderLine
        fields = ["item", "quantity"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].required = True
        present = Q(pk=self.instance.item_id)
        self.fields["item"].queryset = Item.objects.filter(  # type: ignore[attr-defined]
            Q(on_sale=True, currency__in=currencies()) | present
        )
        self.fields["item"].label_from_instance = item_label  # type: ignore[attr-defined]

    def save(self, commit: bool = True) -> OrderLine:
        if "item" in self.changed_data:
            self.instance.copy_from(self.cleaned_data["item"])
        line: OrderLine = super().save(commit)
        return line


def item_label(item: Item) -> str:
    return f"{item.name}, {format_amount(item.unit_amount, item.currency)}"


class OrderLineFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data.get("item")]
        items = [values["item"] for values in kept if not values.get("DELETE")]
        found = sorted({item.currency for item in items})
        if not items:
            raise ValidationError("Choose at least one item.")
        if len(found) > 1:
            raise ValidationError(
                f"One order has one currency, and these items are in {' and '.join(found)}: make an order for each."
            )
        if self.instance.pk and self.instance.currency != found[0]:
            raise ValidationError(
                f"This order is in {self.instance.currency}: make another one for items in {found[0]}."
            )
        self.instance.currency = found[0]


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    form = OrderLineForm
    formset = OrderLineFormSet
    fields = ["item", "quantity", "bought", "unit_price", "sum"]
    readonly_fields = ["bought", "unit_price", "sum"]
    extra = 0
    min_num = 1
    max_num = MAXIMUM_LINES

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_delete_permission(request, obj)

    @admin.display(description="As bought")
    def bought(self, line: OrderLine) -> str:
        return line.name

    @admin.display(description="Price")
    def unit_price(self, line: OrderLine) -> str:
        return format_amount(line.unit_amount, line.currency) if line.pk else "–"

    @admin.display(description="Sum")
    def sum(self, line: OrderLine) -> str:
        return format_amount(line.amount, line.currency) if line.pk else "–"


def may_be_composed(order: Order | None) -> bool:
    return order is None or order.is_payable
