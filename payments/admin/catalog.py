"""Items: what is sold, and at what price."""

from contextlib import nullcontext
from typing import Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseModelFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from djmoney.money import Money

from payments.admin import history
from payments.admin.copies import Copies
from payments.admin.item_export import Exports
from payments.admin.item_import import Imports
from payments.admin.item_list import ItemList
from payments.admin.item_sale import OnAndOffSale
from payments.admin.price_changes import PriceChanges
from payments.admin.prices import PriceForm
from payments.admin.selections import chosen
from payments.models import Item

# The page that asks once more sends each of them back, and Django takes a thousand fields.
MOST_DELETED = 500


class ItemForm(PriceForm):
    """Shoppers buy while staff looks at the page, so it carries what it showed: a change is one from there."""

    class Meta:
        model = Item
        fields = ["name", "description", "price", "picture", "stock", "on_sale"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = bool(self.instance.pk)
        # As many as anybody wants.
        self.fields["stock"].widget.attrs["placeholder"] = "∞"

    def clean_stock(self) -> int | None:
        """The difference that staff made to the stock, made to what is there by now."""
        wanted: int | None = self.cleaned_data["stock"]
        if wanted is None or not self.instance.pk or "stock" not in self.changed_data:
            return wanted
        return stock_after(self.stock_shown(), wanted, self.stock_now())

    def stock_shown(self) -> int | None:
        shown: int | None = self.fields["stock"].to_python(self.data.get(self["stock"].html_initial_name))
        return shown

    def stock_now(self) -> int | None:
        """Nothing is sold or given back from here until it is saved."""
        return Item.objects.select_for_update().get(pk=self.instance.pk).stock


def stock_after(shown: int | None, wanted: int, now: int | None) -> int:
    if (shown is None) != (now is None):
        raise ValidationError(
            _(
                "Meanwhile somebody else has begun or ceased to count this item. "
                "Open this page again, and then change the stock."
            )
        )
    stock = wanted + (now or 0) - (shown or 0)
    if stock < 0:
        raise ValidationError(
            _(
                "Meanwhile others were sold, and only %(left)s are left. "
                "Open this page again, and then change the stock."
            )
            % {"left": now}
        )
    return stock


class ItemFormSet(BaseModelFormSet):
    """Takes the items in the order of their ids, as `stock.hold` does: staff and buyers never wait for each other."""

    def __init__(self, data: Any = None, files: Any = None, queryset: Any = None, **kwargs: Any) -> None:
        if data is not None:
            queryset = queryset.order_by("pk").select_for_update()
        super().__init__(data, files, queryset=queryset, **kwargs)


@admin.register(Item)
class ItemAdmin(OnAndOffSale, PriceChanges, Copies, Imports, Exports, ItemList):
    form = ItemForm
    actions = [
        *("put_on_sale", "take_off_sale", "change_prices", "copy_items", "export_xlsx", "export_csv"),
        "delete_selected",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        return ("created", "changed") if obj else ()

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ItemForm]:
        return ItemForm

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_formset(request, formset=ItemFormSet, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What is saved is locked from when it is read."""
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return super().changelist_view(request, *args, **kwargs)

    @admin.action(description=delete_selected.short_description, permissions=["delete"])  # type: ignore[attr-defined]
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse | None:
        return delete_selected(self, request, queryset) if chosen(request, queryset, MOST_DELETED) else None

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        for entry in getattr(response, "context_data", {}).get("action_list", []):
            history.in_words(entry)
        return response

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        """Nothing is written back but what staff changed."""
        changed = columns(form.changed_data)
        obj.save(update_fields=[*changed, "changed"] if change else None)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """The history says from what to what a price was changed, and by whom; also when it was changed in the list."""
        message: Any = super().construct_change_message(request, form, formsets, add)
        if not add and "price" in form.changed_data:
            before, after = Money(*form.initial["price"]), form.cleaned_data["price"]
            fields = message[0]["changed"]["fields"]
            position = form.changed_data.index("price")
            fields[position] = history.price_change(before, after)
        return message


def columns(fields: list[str]) -> list[str]:
    return [*fields, "currency"] if "price" in fields else fields
