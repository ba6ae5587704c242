"""Items: what is sold, and at what price."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from payments.admin.prices import PriceForm
from payments.models import Item


class ItemForm(PriceForm):
    class Meta:
        model = Item
        fields = ["name", "description", "price", "picture", "stock", "on_sale"]


@admin.register(Item)
class ItemAdmin(admin.ModelAdmin):
    form = ItemForm
    list_display = ["name", "on_sale", "price", "stock", "changed"]
    list_editable = ["on_sale", "price", "stock"]
    list_filter = ["currency", "on_sale"]
    list_per_page = 50
    search_fields = ["name", "description"]

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        return ("created", "changed") if obj else ()

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ItemForm]:
        return ItemForm
