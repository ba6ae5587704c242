"""Orders, payments and events: to be looked at, never edited, since they say what happened."""

import re

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from payments.gateway.keys import SANDBOX_MARK
from payments.models import Order, OrderLine, Payment, StripeEvent
from payments.money import format_amount

DASHBOARD = "https://dashboard.stripe.com"


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OrderLineInline(ReadOnly, admin.TabularInline):
    model = OrderLine
    fields = ["name", "quantity", "unit_price", "sum"]
    readonly_fields = ["unit_price", "sum"]

    @admin.display(description="Price")
    def unit_price(self, line: OrderLine) -> str:
        return format_amount(line.unit_amount, line.currency)

    @admin.display(description="Sum")
    def sum(self, line: OrderLine) -> str:
        return format_amount(line.amount, line.currency)


def amount_of(payment: Payment) -> str:
    return format_amount(payment.amount, payment.currency)


def stripe_link(payment: Payment) -> SafeString | str:
    """A link to what the payment is at Stripe: in the dashboard of its account, for test or for live."""
    object_id = payment.payment_intent_id or payment.checkout_session_id
    if not object_id:
        return "–"
    return format_html('<a href="{}" rel="noreferrer">{}</a>', stripe_address(payment), object_id[:24] + "…")


def stripe_address(payment: Payment) -> str:
    if SANDBOX_MARK in payment.publishable_key:
        return payment.url
    root = DASHBOARD if payment.livemode else f"{DASHBOARD}/test"
    if payment.payment_intent_id:
        return f"{root}/payments/{payment.payment_intent_id}"
    return f"{root}/checkout/sessions/{payment.checkout_session_id}"


class PaymentInline(ReadOnly, admin.TabularInline):
    model = Payment
    fields = readonly_fields = ("attempt", "status", "amount_shown", "at_stripe", "problem", "created")

    @admin.display(description="Amount")
    def amount_shown(self, payment: Payment) -> str:
        return amount_of(payment)

    @admin.display(description="At Stripe")
    def at_stripe(self, payment: Payment) -> SafeString | str:
        return stripe_link(payment)


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "status", "bought", "total", "created", "paid_at"]
    list_filter = ["status", "currency"]
    search_fields = [
        "=id",
        "=uuid",
        "lines__name",
        "=payments__checkout_session_id",
        "=payments__payment_intent_id",
    ]
    search_help_text = "By number, item, or the id of a Checkout Session or PaymentIntent."
    date_hierarchy = "created"
    fields = readonly_fields = ("status", "total", "currency", "shopper_page", "created", "paid_at")
    inlines = [OrderLineInline, PaymentInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("lines")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Also as an order is called everywhere: Order 12."""
        number = re.sub(r"^\s*order\s+(?=[0-9]+\s*$)", "", search_term, flags=re.IGNORECASE)
        return super().get_search_results(request, queryset, number)

    @admin.display(description="Bought")
    def bought(self, order: Order) -> str:
        return ", ".join(str(line) for line in order.lines.all())

    @admin.display(description="Total")
    def total(self, order: Order) -> str:
        return format_amount(order.total_amount, order.currency)

    @admin.display(description="The shopper's page")
    def shopper_page(self, order: Order) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', reverse("order", args=[order.uuid]))


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        "__str__",
        "order",
        "status",
        "amount_shown",
        "livemode",
        "at_stripe",
        "problem",
        "created",
    ]
    list_filter = ["status", "currency", "livemode"]
    list_select_related = ["order"]
    search_fields = ["=order__id", "=checkout_session_id", "=payment_intent_id"]
    fields = readonly_fields = (
        *("order", "attempt", "status", "amount_shown", "currency", "mode", "publishable_key"),
        *("checkout_session_id", "payment_intent_id", "at_stripe", "problem", "created", "changed"),
    )

    @admin.display(description="Mode")
    def mode(self, payment: Payment) -> str:
        return "Live" if payment.livemode else "Test"

    @admin.display(description="Amount")
    def amount_shown(self, payment: Payment) -> str:
        return amount_of(payment)

    @admin.display(description="At Stripe")
    def at_stripe(self, payment: Payment) -> SafeString | str:
        return stripe_link(payment)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["event_id", "type", "outcome", "problem", "livemode", "received"]
    list_filter = ["outcome", "type", "livemode"]
    search_fields = ["event_id", "object_id"]

    fields = readonly_fields = (
        *(
            "event_id",
            "type",
            "outcome",
            "problem",
            "account",
            "livemode",
            "object_id",
            "received",
            "changed",
        ),
    )
