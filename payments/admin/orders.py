"""Orders: composed by staff until they are paid, and to be looked at from then on."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from payments import emails, fulfillment
from payments.admin.money_back import money_back_of, states_of
from payments.admin.order_adjustments import AdjustmentsForm, no_longer_offered
from payments.admin.order_lines import OrderLineInline, may_be_composed
from payments.admin.order_totals import price_parts, totals_of
from payments.admin.payments import PaymentInline
from payments.admin.related import ChoosesOnly
from payments.errors import EmailNotSent, OrderClosed, StorefrontError
from payments.models import Order
from payments.money import format_amount


class OrderForm(AdjustmentsForm):
    # Set for each request by the admin, which asks Stripe before its transaction begins.
    page_stays_open = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.page_stays_open:
            raise ValidationError(self.page_stays_open)
        if self.instance.pk:
            try:
                self.instance.require_not_offered()
            except OrderClosed as error:
                raise ValidationError(str(error)) from None
        return cleaned


def close_shoppers_page(order: Order) -> str:
    """The shopper must not pay an order that is being changed: why the page stays open, or an empty text.

    Raises OrderClosed if it is paid.
    """
    try:
        fulfillment.take_back_offers(order)
    except OrderClosed:
        raise
    except StorefrontError as error:
        return (
            "The shopper has a payment page of this order open, and it cannot be taken back at the moment "
            f"({error.code}). Save again in a minute."
        )
    return ""


@admin.register(Order)
class OrderAdmin(ChoosesOnly, admin.ModelAdmin):
    form = OrderForm
    list_display = ["__str__", "status", "money_back_state", "bought", "total", "created", "paid_at"]
    list_filter = ["status", "refunded", "dispute", "currency"]
    search_fields = [
        *("=id", "=uuid", "lines__name"),
        *("=payments__checkout_session_id", "=payments__payment_intent_id"),
    ]
    search_help_text = "By number, item, or the id of a Checkout Session or PaymentIntent."
    date_hierarchy = "created"
    fields = ["discount", "taxes"]
    inlines = [OrderLineInline, PaymentInline]

    class Media:
        js = [forms.Script("shop/admin_order.js", defer=True)]

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("totals/", self.admin_site.admin_view(self.totals), name="order-totals"),
            path("<int:order_id>/totals/", self.admin_site.admin_view(self.totals), name="order-totals-of"),
            path("<int:order_id>/send/", self.admin_site.admin_view(self.send_link), name="order-send-link"),
        ]
        return [*pages, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Order | None = None) -> Any:
        if obj is None:
            return ["discount", "taxes", "price_shown"]
        if not self.has_change_permission(request, obj):
            money_back = ["money_back"] if obj.is_paid else []
            return ["status", "discount_shown", "price_shown", *money_back, "created", "paid_at"]
        removable = ["removed"] if no_longer_offered(obj) else []
        return ["status", "discount", "taxes", *removable, "price_shown", "created", "paid_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> list[str]:
        return ["status", "discount_shown", "price_shown", "money_back", "created", "paid_at"]

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

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Stripe is asked before the transaction in which the admin saves: nobody shall wait for both."""
        order = self.get_object(request, unquote(object_id)) if object_id and request.method == "POST" else None
        if order and self.has_change_permission(request, order):
            try:
                request.page_stays_open = close_shoppers_page(order)  # type: ignore[attr-defined]
            except OrderClosed as error:
                self.message_user(request, f"Nothing was changed. {error}", level="WARNING")
                return HttpResponseRedirect(change_page(order))
        return super().changeform_view(request, object_id, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.page_stays_open = getattr(request, "page_stays_open", "")  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        """What is there already is only changed column by column: the rest was read before the row was locked."""
        if not change:
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        order = Order.objects.get(pk=form.instance.pk)
        order.let_go_of_visitor()
        order.put_taxes(form.cleaned_data["taxes"], removed=form.removed_taxes)
        problem = form.let_have_discount(order, order.give_discount)
        if problem:
            self.message_user(request, problem, level="WARNING")

    def response_post_save_add(self, request: HttpRequest, obj: Order) -> HttpResponseRedirect:
        """On to the page that has the link for the shopper."""
        return HttpResponseRedirect(change_page(obj))

    @method_decorator(require_POST)
    def totals(self, request: HttpRequest, order_id: int | None = None) -> HttpResponse:
        """What the order comes to as it stands in the form, for the script that shows it."""
        order = get_object_or_404(Order, pk=order_id) if order_id else None
        if not (self.has_change_permission(request, order) if order else self.has_add_permission(request)):
            raise PermissionDenied
        return totals_of(request, order)

    @method_decorator(require_POST)
    def send_link(self, request: HttpRequest, order_id: int) -> HttpResponse:
        order = get_object_or_404(Order.objects.prefetch_related("lines", "taxes"), pk=order_id)
        if not super().has_change_permission(request, order):
            raise PermissionDenied
        form = LinkForm(request.POST, instance=order)
        if not form.is_valid():
            self.message_user(request, "The link was not sent: type an e-mail address.", level="ERROR")
            return HttpResponseRedirect(change_page(order))
        form.save()
        try:
            emails.send_payment_link(order, request.build_absolute_uri(reverse("order", args=[order.uuid])))
        except EmailNotSent as error:
            self.message_user(request, f"The link was not sent. {error}", level="ERROR")
        else:
            self.log_change(request, order, f"Sent the link to {order.email}.")
            self.message_user(request, f"The link was sent to {order.email}.{emails.where_mail_goes()}")
        return HttpResponseRedirect(change_page(order))

    @admin.display(description="Money back")
    def money_back_state(self, order: Order) -> str:
        return " · ".join(states_of(order)) or "–"

    @admin.display(description="Refunds and disputes")
    def money_back(self, order: Order) -> SafeString | str:
        return money_back_of(order)

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
    def price_shown(self, order: Order) -> SafeString:
        """The script replaces the text at each change of the form, by what the address answers."""
        if order.pk is None:
            return format_html('<output id="order-totals" data-url="{}">–</output>', reverse("admin:order-totals"))
        parts = " · ".join(price_parts(order.price, order.currency, order.discount_name, order.taxes.all()))
        if not may_be_composed(order):
            return format_html("{}", parts)
        address = reverse("admin:order-totals-of", args=[order.pk])
        return format_html('<output id="order-totals" data-url="{}">{}</output>', address, parts)


class LinkForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ["email"]

    email = forms.EmailField()


def change_page(order: Order) -> str:
    return reverse("admin:payments_order_change", args=[order.pk])
