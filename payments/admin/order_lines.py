"""The lines of an order, as staff composes it."""

import re
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey
from django.http import HttpRequest
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.admin.order_items import ItemSelect, for_sale, item_label
from payments.admin.related import ChoosesOnly
from payments.cart import can_be_bought
from payments.models import Item, Order, OrderLine
from payments.models.order_lines import MAXIMUM_LINES
from payments.money import format_amount

# Without scripts an item is chosen among these, the newest.
LISTED = 30


class ItemField(forms.ModelChoiceField):
    """A choice of items that were read already, once for all lines."""

    items: dict[str, Item]

    def offer(self, items: list[Item], *, shown: list[Item]) -> None:
        """Those that may be chosen, and those that are listed before anything is looked up."""
        self.items = {str(item.pk): item for item in items}
        self.choices = [("", "---------"), *((item.pk, item_label(item)) for item in shown)]

    def to_python(self, value: Any) -> Item | None:
        if value in self.empty_values:
            return None
        if str(value) not in self.items:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})
        return self.items[str(value)]


class OrderLineForm(forms.ModelForm):
    class Meta:
        model = OrderLine
        fields = ["item", "quantity"]
        field_classes = {"item": ItemField}

    def __init__(self, *args: Any, few: list[Item], others: dict[int, Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].required = True
        self.fields["quantity"].initial = 1
        own = self.instance.item_id
        possible = [item for item in others.values() if can_be_bought(item) or item.pk == own]
        chosen = {str(own), str(self.data.get(self.add_prefix("item")))}
        shown = [*few, *(item for item in possible if str(item.pk) in chosen)]
        self.fields["item"].offer([*few, *possible], shown=shown)  # type: ignore[attr-defined]

    def _get_validation_exclusions(self) -> set[str]:
        """Of which the database need not be asked line by line: items were read, and `OrderLine.clean` counts."""
        known: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return known | {"item", "quantity"}

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
        """A few that can be sold; and of the others those that lines have, or were sent with."""
        few = list(for_sale()[:LISTED])
        ids = {line.item_id for line in self.get_queryset()} | self.sent_ids()
        return {"few": few, "others": Item.objects.exclude(pk__in=[item.pk for item in few]).in_bulk(ids - {None})}

    def sent_ids(self) -> set[int | None]:
        sent = [self.data.get(f"{self.add_prefix(index)}-item", "") for index in range(self.total_form_count())]
        return {int(value) for value in sent if re.fullmatch("[0-9]{1,18}", value, re.ASCII)}

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        is_new = index is not None and index >= self.initial_form_count()
        may_be_empty = {"empty_permitted": True} if is_new else {}
        return {**super().get_form_kwargs(index), **self.offered, **may_be_empty}

    def save_new_objects(self, commit: bool = True) -> list[OrderLine]:
        """In one statement, however many they are."""
        made: list[OrderLine] = super().save_new_objects(commit)
        return OrderLine.objects.bulk_create(made) if commit else made

    def save_new(self, form: Any, commit: bool = True) -> OrderLine:
        line: OrderLine = super().save_new(form, commit=False)
        return line

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data.get("item")]
        items = [values["item"] for values in kept if not values.get("DELETE")]
        found = sorted({item.currency for item in items})
        if not items:
            raise ValidationError(_("Choose at least one item."))
        if len(items) > MAXIMUM_LINES:
            raise ValidationError(too_many_lines())
        if len(found) > 1:
            raise ValidationError(several_currencies(found))
        if self.instance.pk and self.instance.currency != found[0]:
            told = _("This order is in %(present)s: make another one for items in %(other)s.")
            raise ValidationError(told % {"present": self.instance.currency, "other": found[0]})
        self.instance.currency = found[0]


def too_many_lines() -> str:
    return _("One order has at most %(count)d lines: make another one for the rest.") % {"count": MAXIMUM_LINES}


def several_currencies(found: list[str]) -> str:
    told = _("One order has one currency, and these items are in %(currencies)s: make an order for each.")
    return told % {"currencies": get_text_list(found, _("and"))}


class OrderLineInline(ChoosesOnly, admin.TabularInline):
    model = OrderLine
    form = OrderLineForm
    formset = OrderLineFormSet
    fields = ["item", "quantity", "bought", "unit_price", "sum"]
    readonly_fields = ["bought", "unit_price", "sum"]
    extra = 0
    min_num = 1
    max_num = MAXIMUM_LINES

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "item":
            kwargs["widget"] = ItemSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_delete_permission(request, obj)

    @admin.display(description=gettext_lazy("As bought"))
    def bought(self, line: OrderLine) -> str:
        return line.name

    @admin.display(description=gettext_lazy("Price"))
    def unit_price(self, line: OrderLine) -> str:
        return format_amount(line.unit_amount, line.currency) if line.pk else "–"

    @admin.display(description=gettext_lazy("Sum"))
    def sum(self, line: OrderLine) -> str:
        return format_amount(line.amount, line.currency) if line.pk else "–"


def may_be_composed(order: Order | None) -> bool:
    return order is None or order.is_payable
