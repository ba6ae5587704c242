"""Payments and events: to be looked at, never edited. A payment can be refunded."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from payments.admin.dashboard import payment_link
from payments.admin.money_back import DisputeInline, RefundInline
from payments.admin.read_only import ReadOnly
from payments.admin.refunding import refund_page
from payments.admin.webhook_health import account_name, health_of_accounts, refused_deliveries
from payments.models import Payment, StripeEvent
from payments.money import format_amount


def amount_of(payment: Payment) -> str:
    """Also of a row that is none: staff's form says how many rows it has, and an unfit one is shown again."""
    return format_amount(payment.amount, payment.currency) if payment.pk else "–"


def refunded_amount_of(payment: Payment) -> str:
    return format_amount(payment.refunded_amount, payment.currency) if payment.refunded_amount else "–"


def may_refund(request: HttpRequest) -> bool:
    return request.user.has_perm("payments.refund_payment")


class PaymentInline(ReadOnly, admin.TabularInline):
    model = Payment
    readonly_fields = ("attempt", "status", "amount_shown", "refunded", "refund", "at_stripe", "problem", "created")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = [] if may_refund(request) else ["refund"]
        return [name for name in self.readonly_fields if name not in hidden]

    @admin.display(description="Refunded")
    def refunded(self, payment: Payment) -> str:
        return refunded_amount_of(payment)

    @admin.display(description="Refund")
    def refund(self, payment: Payment) -> SafeString | str:
        if not payment.refundable_amount:
            return "–"
        return format_html('<a href="{}">Refund</a>', reverse("admin:payment-refund", args=[payment.pk]))

    @admin.display(description="Amount")
    def amount_shown(self, payment: Payment) -> str:
        return amount_of(payment)

    @admin.display(description="At Stripe")
    def at_stripe(self, payment: Payment) -> SafeString | str:
        return payment_link(payment)


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        "__str__",
        "order",
        "status",
        "method",
        "amount_shown",
        "refunded",
        "mode",
        "at_stripe",
        "problem",
        "created",
    ]
    list_filter = ["status", "method", "currency", "livemode"]
    list_select_related = ["order"]
    search_fields = ["=order__id", "=checkout_session_id", "=payment_intent_id"]
    fields = readonly_fields = (
        *("order", "attempt", "status", "method", "amount_shown", "refunded", "mode", "publishable_key"),
        *("checkout_session_id", "payment_intent_id", "at_stripe", "problem", "created", "changed"),
    )

    inlines = [RefundInline, DisputeInline]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.refund)
        return [path("<int:payment_id>/refund/", page, name="payment-refund"), *super().get_urls()]

    def refund(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """Whoever may see payments may not by that give them back."""
        if not may_refund(request):
            raise PermissionDenied
        return refund_page(request, get_object_or_404(Payment.objects.select_related("order"), pk=payment_id))

    @admin.display(description="Refunded")
    def refunded(self, payment: Payment) -> str:
        return refunded_amount_of(payment)

    @admin.display(description="Mode")
    def mode(self, payment: Payment) -> str:
        return "Live" if payment.livemode else "Test"

    @admin.display(description="Amount")
    def amount_shown(self, payment: Payment) -> str:
        return amount_of(payment)

    @admin.display(description="At Stripe")
    def at_stripe(self, payment: Payment) -> SafeString | str:
        return payment_link(payment)


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
