"""The discount and the taxes of an order, as staff chooses them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payments.errors import DiscountRefused
from payments.gateway.keys import currencies
from payments.models import Discount, Order, OrderTax, Tax
from payments.models.adjustments import MAXIMUM_TAXES
from payments.models.order_lines import taxes_after

DISCOUNT = "discount"


class AdjustmentsForm(forms.ModelForm):
    """What is chosen is copied onto the order. What it has already keeps its terms, as its lines keep their prices."""

    taxes = forms.ModelMultipleChoiceField(
        Tax.objects.none(), label=gettext_lazy("Taxes"), required=False, widget=forms.CheckboxSelectMultiple
    )
    removed = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Remove"),
        help_text=gettext_lazy("The order keeps it, unless you remove it or choose another discount."),
    )

    class Meta:
        model = Order
        fields = ["discount"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = self.instance
        if "discount" not in self.fields:
            # It is paid, and shown without a form.
            return
        self.automatic = [] if order.pk else list(Tax.objects.automatic())
        self.present = list(order.taxes.all()) if order.pk else []
        put = [tax.tax_id for tax in self.present if tax.tax_id]
        self.fields["taxes"].queryset = Tax.objects.filter(Q(active=True) | Q(pk__in=put))  # type: ignore[attr-defined]
        self.initial["taxes"] = put or [tax.pk for tax in self.automatic if all(map(tax.is_for, currencies()))]
        usable = Q(active=True) | Q(pk=order.discount_id)
        self.fields["discount"].queryset = Discount.objects.filter(usable)  # type: ignore[attr-defined]
        self.fields["removed"].choices = no_longer_offered(order) if order.pk else []  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"taxes", "removed"} <= cleaned.keys() and len(self.order_taxes) > MAXIMUM_TAXES:
            told = _("An order takes at most %(count)d taxes: choose fewer.")
            self.add_error("taxes", told % {"count": MAXIMUM_TAXES})
        return cleaned

    @property
    def order_taxes(self) -> list[OrderTax]:
        """All that the order will have."""
        chosen = self.taxes_for(self.instance.currency)
        return taxes_after(self.instance, self.present, chosen, self.removed_taxes)

    @property
    def removed_taxes(self) -> set[int]:
        return {int(value) for value in self.cleaned_data["removed"] if value != DISCOUNT}

    @property
    def changes_discount(self) -> bool:
        return "discount" in self.changed_data or DISCOUNT in self.cleaned_data["removed"]

    def let_have_discount(self, order: Order, give: Callable[[Discount | None], None]) -> str:
        """Give the order what was chosen, if that is another discount; what staff must know. Needs a transaction."""
        try:
            if self.changes_discount:
                give(self.cleaned_data["discount"])
            order.require_discount_usable()
        except DiscountRefused as error:
            if not self.changes_discount:
                told = _(
                    "%(problem)s The order keeps it, and cannot be paid with it: choose another one, or remove it."
                )
                return told % {"problem": error}
            give(None)
            return _("%(problem)s The order gets no discount.") % {"problem": error}
        return ""

    def taxes_for(self, currency: str) -> list[Tax]:
        """What was ticked, and what a new order in this currency has besides, as long as an order takes so many."""
        ticked, unseen = list(self.cleaned_data["taxes"]), self.unseen_taxes(currency)
        return [*ticked, *unseen] if len(ticked) + len(unseen) <= MAXIMUM_TAXES else ticked

    def unseen_taxes(self, currency: str) -> list[Tax]:
        """What only orders in this currency have: the form could not tick it before the first item was chosen."""
        seen = {*self.initial["taxes"], *(tax.pk for tax in self.cleaned_data["taxes"])}
        return [tax for tax in self.automatic if tax.pk not in seen and currency and tax.is_for(currency)]

    def unseen_in_words(self, order: Order) -> str:
        unseen = self.unseen_taxes(order.currency)
        if not unseen:
            return ""
        put = {tax.tax_id for tax in order.taxes.all()}
        told = added_in_words if put.issuperset(tax.pk for tax in unseen) else left_out_in_words
        return told(len(unseen)) % {"currency": order.currency, "taxes": ", ".join(str(tax) for tax in unseen)}


def added_in_words(count: int) -> str:
    return ngettext(
        "%(taxes)s was added, as to every order in %(currency)s: if it is not due, untick it and save.",
        "%(taxes)s were added, as to every order in %(currency)s: if one is not due, untick it and save.",
        count,
    )


def left_out_in_words(count: int) -> str:
    return ngettext(
        "Orders in %(currency)s usually have %(taxes)s, and this one has not: tick it if it is due, and save.",
        "Orders in %(currency)s usually have %(taxes)s, and this one has not: tick what is due, and save.",
        count,
    )


def no_longer_offered(order: Order) -> list[tuple[str, str]]:
    """What the order has, though its discount or tax was deleted since."""
    names = {DISCOUNT: order.discount_name} if order.discount_name and not order.discount_id else {}
    names |= {str(tax.pk): str(tax) for tax in order.taxes.all() if not tax.tax_id}
    return [(value, _("%(name)s (no longer offered)") % {"name": name}) for value, name in names.items()]
