"""Discounts and taxes: what staff can put on an order."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import counterparts
from payments.admin.prices import PriceForm
from payments.models import Discount, DiscountAmount, Tax
from payments.money import format_percent


class RetiresCounterparts:
    """Once it is saved, what stood for the old terms at Stripe is retired; if that fails now, later."""

    def save_related(self, request: HttpRequest, *args: Any) -> None:
        super().save_related(request, *args)  # type: ignore[misc]
        transaction.on_commit(counterparts.retire_leftovers, robust=True)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)  # type: ignore[misc]
        transaction.on_commit(counterparts.retire_leftovers, robust=True)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)  # type: ignore[misc]
        transaction.on_commit(counterparts.retire_leftovers, robust=True)


class DiscountAmountForm(PriceForm):
    price_field = "off"

    class Meta:
        model = DiscountAmount
        fields = ["off"]


class AmountsFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        amounts = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in amounts if not form.cleaned_data.get("DELETE")] if not any(self.errors) else amounts
        if self.instance.percent is None and not kept:
            raise ValidationError(_("Set a percentage above, or an amount in at least one currency."))
        if self.instance.percent is not None and kept:
            raise ValidationError(_("A discount takes off either a percentage or amounts: remove one of them."))


class DiscountAmountInline(admin.TabularInline):
    model = DiscountAmount
    form = DiscountAmountForm
    formset = AmountsFormSet
    extra = 1
    verbose_name = gettext_lazy("amount")
    verbose_name_plural = gettext_lazy("amounts, one for each currency")


@admin.register(Discount)
class DiscountAdmin(RetiresCounterparts, admin.ModelAdmin):
    list_display = ["name", "code", "takes_off", "active", "valid_from", "valid_until", "maximum_uses"]
    list_filter = ["active"]
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    search_fields = ["name", "code"]
    inlines = [DiscountAmountInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Discount]:
        return super().get_queryset(request).prefetch_related("amounts")

    @admin.display(description=gettext_lazy("Takes off"))
    def takes_off(self, discount: Discount) -> str:
        if discount.percent is not None:
            return format_percent(discount.percent)
        return ", ".join(str(part) for part in discount.amounts.all())


@admin.register(Tax)
class TaxAdmin(RetiresCounterparts, admin.ModelAdmin):
    list_display = ["display_name", "percent", "inclusive", "jurisdiction", "active", "automatic", "currencies"]
    list_filter = ["active", "automatic", "inclusive"]
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    search_fields = ["display_name", "jurisdiction"]

    @admin.display(description=gettext_lazy("percentage"))
    def percent(self, tax: Tax) -> str:
        return format_percent(tax.percentage)
