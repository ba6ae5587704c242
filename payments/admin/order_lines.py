"""The lines of an order, as staff composes it."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest

from payments.admin.related import ChoosesOnly
from payments.cart import can_be_bought
from payments.gateway.keys import currencies
from payments.models import Item, Order, OrderLine
from payments.models.order_lines import MAXIMUM_LINES
from payments.money import format_amount

TOO_MANY_LINES = f"One order has at most {MAXIMUM_LINES} lines: make another one for the rest."


class ItemField(forms.ModelChoiceField):
    """A choice of items that were read already, once for all lines."""

    items: dict[str, Item]

    def offer(self, items: list[Item]) -> None:
        self.items = {str(item.pk): item for item in items}
        self.choices = [("", "---------"), *((item.pk, item_label(item)) for item in items)]

    def to_python(self, value: Any) -> Item | None:
        if value in self.empty_values:
            return None
        if str(value) not in self.items:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})
        return self.items[str(value)]


def item_label(item: Item) -> str:
    return f"{item.name}, {format_amount(item.unit_amount, item.currency)}"


class OrderLineForm(forms.ModelForm):
    class Meta:
        model = OrderLine
        fields = ["item", "quantity"]
        field_classes = {"item": ItemField}

    def __init__(self, *args: Any, for_sale: list[Item], withdrawn: dict[int, Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].required = True
        self.fields["quantity"].initial = 1
        own = withdrawn.get(self.instance.item_id or 0)
        self.fields["item"].offer([*for_sale, own] if own else for_sale)  # type: ignore[attr-defined]

    def has_changed(self) -> bool:
        """A line whose fields were only emptied is as empty as a new one."""
        return any(self[name].data for name in self.changed_data)

    def save(self, commit: bool = True) -> OrderLine:
        if "item" in self.changed_data:
            self.instance.copy_from(self.cleaned_data["item"])
        line: OrderLine = super().save(commit)
        return line


class OrderLineFormSet(forms.BaseInlineFormSet):
    @cached_property
    def offered(self) -> dict[str, Any]:
        """Items that any line can have, and those that only stay where they are."""
        present = Q(pk__in=[line.item_id for line in self.get_queryset()])
        items = list(Item.objects.filter(Q(on_sale=True, currency__in=currencies()) | present))
        return {
            "for_sale": [item for item in items if can_be_bought(item)],
            "withdrawn": {item.pk: item for item in items if not can_be_bought(item)},
        }

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        is_new = index is not None and index >= self.initial_form_count()
        may_be_empty = {"empty_permitted": True} if is_new else {}
        return {**super().get_form_kwargs(index), **self.offered, **may_be_empty}

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data.get("item")]
        items = [values["item"] for values in kept if not values.get("DELETE")]
        found = sorted({item.currency for item in items})
        if not items:
            raise ValidationError("Choose at least one item.")
        if len(items) > MAXIMUM_LINES:
            raise ValidationError(TOO_MANY_LINES)
        if len(found) > 1:
            raise ValidationError(
                f"One order has one currency, and these items are in {' and '.join(found)}: make an order for each."
            )
        if self.instance.pk and self.instance.currency != found[0]:
            raise ValidationError(
                f"This order is in {self.instance.currency}: make another one for items in {found[0]}."
            )
        self.instance.currency = found[0]


class OrderLineInline(ChoosesOnly, admin.TabularInline):
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
