"""Items: what is sold, and at what price."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from djmoney.forms import MoneyField

from payments.gateway.keys import currencies
from payments.models import Item
from payments.money import price_decimals


class ItemForm(forms.ModelForm):
    price = MoneyField(
        max_digits=14,
        decimal_places=2,
        help_text="The shopper pays in this currency, to the Stripe account that takes it.",
    )

    class Meta:
        model = Item
        fields = ["name", "description", "price", "picture", "on_sale"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["price"]
        field.fields[1].choices = field.widget.widgets[1].choices = currency_choices(self.instance)  # type: ignore[attr-defined]
        if self.instance.pk:
            price = self.instance.price
            self.initial["price"] = [
                round(price.amount, price_decimals(self.instance.currency)),
                self.instance.currency,
            ]


def currency_choices(item: Item) -> list[tuple[str, str]]:
    """The currencies with a keypair. An item keeps the one it has; a new one has none until it is chosen."""
    offered = currencies()
    choices = [(code, code) for code in offered]
    if not item.pk:
        return choices if len(choices) == 1 else [("", "Choose a currency"), *choices]
    if item.currency in offered:
        return choices
    return [(item.currency, f"{item.currency} (cannot be sold: no keypair)"), *choices]


@admin.register(Item)
class ItemAdmin(admin.ModelAdmin):
    form = ItemForm
    list_display = ["name", "on_sale", "price", "changed"]
    list_editable = ["on_sale", "price"]
    list_filter = ["currency", "on_sale"]
    list_per_page = 50
    search_fields = ["name", "description"]

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        return ("created", "changed") if obj else ()

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ItemForm]:
        return ItemForm
