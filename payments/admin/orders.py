"""Orders: composed by staff until they are paid, and to be looked at from then on."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from payments import fulfillment
from payments.admin.payments import PaymentInline
from payments.errors import DiscountRefused, StorefrontError
from payments.gateway.keys import currencies
from payments.models import Discount, Item, Order, OrderLine, Tax
from payments.models.order_lines import MAXIMUM_LINES
from payments.money import format_amount


class OrderForm(forms.ModelForm):
    """The discount and the taxes are copied onto the order when it is saved."""

    taxes = forms.ModelMultipleChoiceField(Tax.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Order
        fields = ["discount"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = self.instance
        if "discount" not in self.fields:
            # It is paid, and shown without a form.
            return
        put = [tax.tax_id for tax in order.taxes.all()] if order.pk else []
        self.fields["taxes"].queryset = Tax.objects.filter(Q(active=True) | Q(pk__in=put))  # type: ignore[attr-defined]
        self.initial["taxes"] = put
        usable = Q(active=True) | Q(pk=order.discount_id)
        self.fields["discount"].queryset = Discount.objects.filter(usable)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk:
            close_page_before_change(self.instance)
        return cleaned


def close_page_before_change(order: Order) -> None:
    """The shopper must not pay an order that is being changed. Raises ValidationError."""
    try:
        fulfillment.take_back_offers(order)
    except StorefrontError as error:
        raise ValidationError(
            "The shopper has a payment page of this order open, and it cannot be taken back at the moment "
            f"({error.code}). Reload this page in a minute: perhaps the order is paid by then."
        ) from None


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


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    form = OrderForm
    list_display = ["__str__", "status", "bought", "total", "created", "paid_at"]
    list_filter = ["status", "currency"]
    search_fields = [
        *("=id", "=uuid", "lines__name"),
        *("=payments__checkout_session_id", "=payments__payment_intent_id"),
    ]
    search_help_text = "By number, item, or the id of a Checkout Session or PaymentIntent."
    date_hierarchy = "created"
    fields = ["discount", "taxes"]
    inlines = [OrderLineInline, PaymentInline]

    def get_fields(self, request: HttpRequest, obj: Order | None = None) -> Any:
        if obj is None:
            return ["discount", "taxes"]
        composed = ["discount", "taxes"] if obj.is_payable else ["discount_shown"]
        return ["status", *composed, "price_shown", "shopper_page", "created", "paid_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> list[str]:
        return ["status", "discount_shown", "price_shown", "shopper_page", "created", "paid_at"]

    def get_inlines(self, request: HttpRequest, obj: Order | None = None) -> list[Any]:
        return [OrderLineInline, PaymentInline] if obj else [OrderLineInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("lines", "taxes")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Also as an order is called everywhere: Order 12."""
        number = re.sub(r"^\s*order\s+(?=[0-9]+\s*$)", "", search_term, flags=re.IGNORECASE)
        return super().get_search_results(request, queryset, number)

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """An order says what was offered to somebody: it stays."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        order = Order.objects.get(pk=form.instance.pk)
        order.let_go_of_visitor()
        order.put_taxes(form.cleaned_data["taxes"])
        try:
            order.give_discount(form.cleaned_data["discount"])
        except DiscountRefused as error:
            order.give_discount(None)
            self.message_user(request, f"{error} The order has no discount now.", level="WARNING")

    @admin.display(description="Bought")
    def bought(self, order: Order) -> str:
        return ", ".join(str(line) for line in order.lines.all())

    @admin.display(description="Discount")
    def discount_shown(self, order: Order) -> str:
        return order.discount_name or "–"

    @admin.display(description="Total")
    def total(self, order: Order) -> str:
        return format_amount(order.price.total, order.currency)

    @admin.display(description="Price")
    def price_shown(self, order: Order) -> str:
        price = order.price
        parts = [f"Subtotal {format_amount(price.subtotal, order.currency)}"]
        if order.discount_name:
            parts.append(f"{order.discount_name} −{format_amount(price.discount, order.currency)}")
        for tax, amount in zip(order.taxes.all(), price.taxes, strict=True):
            parts.append(f"{tax} {format_amount(amount, order.currency)}")
        return " · ".join([*parts, f"Total {format_amount(price.total, order.currency)}"])

    @admin.display(description="The shopper's page")
    def shopper_page(self, order: Order) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', reverse("order", args=[order.uuid]))
