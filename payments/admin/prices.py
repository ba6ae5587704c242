"""A form with a price: it offers the currencies that can be sold in."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from djmoney.forms import MoneyField

from payments.gateway.keys import currencies
from payments.money import price_decimals


class PriceForm(forms.ModelForm):
    """For a model with a price in the field that `price_field` names, and its currency beside it."""

    price_field = "price"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self.instance.currency if self.instance.pk else ""
        self.fields[self.price_field] = price_field(self.fields[self.price_field].label, currency)
        if currency:
            price = getattr(self.instance, self.price_field)
            self.initial[self.price_field] = [round(price.amount, price_decimals(currency)), currency]


class PriceField(MoneyField):  # type: ignore[misc]
    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(super().has_changed(initial, data))
        except ValueError:
            # What the page showed came back as something else.
            return True


def price_field(label: Any, currency: str) -> PriceField:
    return PriceField(
        label=label,
        max_digits=14,
        decimal_places=2,
        currency_choices=currency_choices(currency),
        help_text=_("The shopper pays in this currency, to the Stripe account that takes it."),
    )


def currency_choices(present: str) -> list[tuple[str, str]]:
    """The currencies with a keypair. What has one already keeps it; what is new has none until it is chosen."""
    offered = currencies()
    choices = [(code, code) for code in offered]
    if not present:
        return choices if len(choices) == 1 else [("", _("Choose a currency")), *choices]
    if present in offered:
        return choices
    return [(present, _("%(currency)s (cannot be sold: no keypair)") % {"currency": present}), *choices]
