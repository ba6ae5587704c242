"""Payments and events: to be looked at, never edited."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from payments.admin.read_only import ReadOnly
from payments.admin.webhook_health import account_name, health_of_accounts, refused_deliveries
from payments.gateway.keys import SANDBOX_MARK
from payments.models import Payment, StripeEvent
from payments.money import format_amount

DASHBOARD = "https://dashboard.stripe.com"


def amount_of(payment: Payment) -> str:
    return format_amount(payment.amount, payment.currency)


def stripe_link(payment: Payment) -> SafeString | str:
    """A link to what the payment is at Stripe: in the dashboard of its account, for test or for live."""
    object_id = payment.payment_intent_id or payment.checkout_session_id
    if not object_id:
        return "–"
    address = stripe_address(payment)
    if not address:
        return object_id[:24] + "…"
    return format_html('<a href="{}" rel="noreferrer">{}</a>', address, object_id[:24] + "…")


def stripe_address(payment: Payment) -> str:
    """Empty for an intent of the stand-in, which has no page to show it."""
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


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        "__str__",
        "order",
        "status",
        "method",
        "amount_shown",
        "mode",
        "at_stripe",
        "problem",
        "created",
    ]
    list_filter = ["status", "method", "currency", "livemode"]
    list_select_related = ["order"]
    search_fields = ["=order__id", "=checkout_session_id", "=payment_intent_id"]
    fields = readonly_fields = (
        *("order", "attempt", "status", "method", "amount_shown", "currency", "mode", "publishable_key"),
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
    list_display = ["event_id", "type", "account_shown", "outcome", "problem", "failures", "was_fetched", "received"]
    list_filter = ["outcome", "type", "livemode", "was_fetched"]
    search_fields = ["=event_id", "=object_id"]
    fields = readonly_fields = (
        *("event_id", "type", "account", "livemode", "object_id", "outcome", "problem", "failures", "last_failure"),
        *("failed_at", "was_fetched", "received", "changed", "payload"),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        health = {"accounts": health_of_accounts(), "refused": refused_deliveries()}
        return super().changelist_view(request, (extra_context or {}) | health)

    @admin.display(description="Account")
    def account_shown(self, event: StripeEvent) -> str:
        return account_name(event.account)
