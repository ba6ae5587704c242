"""Payments and events: to be looked at, never edited. A payment can be refunded."""

import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from payments.admin.dashboard import payment_link
from payments.admin.long_lists import CurrencyFilter, LongList, ModeFilter, short
from payments.admin.money_back import DisputeInline, RefundInline
from payments.admin.order_search import number_in
from payments.admin.read_only import ReadOnly
from payments.admin.refunding import refund_page
from payments.admin.related import LeadsToOrder, linked
from payments.admin.webhook_health import account_name, health_of_accounts, refused_deliveries
from payments.endpoints import EVENTS
from payments.gateway.keys import masked
from payments.models import Payment, StripeEvent
from payments.money import format_amount


def may_refund(request: HttpRequest) -> bool:
    return request.user.has_perm("payments.refund_payment")


class PaymentColumns:
    """What is shown of a payment, beside its order and by itself."""

    @admin.display(description=gettext_lazy("Amount"))
    def amount_shown(self, payment: Payment) -> str:
        """Also of a row that is none: staff's form says how many rows it has, and an unfit one is shown again."""
        return format_amount(payment.amount, payment.currency) if payment.pk else "–"

    @admin.display(description=gettext_lazy("Refunded"))
    def refunded(self, payment: Payment) -> str:
        return format_amount(payment.refunded_amount, payment.currency) if payment.refunded_amount else "–"

    @admin.display(description=gettext_lazy("At Stripe"))
    def at_stripe(self, payment: Payment) -> SafeString | str:
        return payment_link(payment)


class PaymentInline(PaymentColumns, ReadOnly, admin.TabularInline):
    model = Payment
    readonly_fields = (
        *("payment_shown", "status", "amount_shown", "refunded", "refund", "problem_in_words"),
        *("at_stripe", "created"),
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = [] if may_refund(request) else ["refund"]
        return [name for name in self.readonly_fields if name not in hidden]

    @admin.display(description=gettext_lazy("payment"))
    def payment_shown(self, payment: Payment) -> SafeString | str:
        return linked(payment) if payment.pk else "–"

    @admin.display(description=gettext_lazy("Refund"))
    def refund(self, payment: Payment) -> SafeString | str:
        if not payment.refundable_amount:
            return "–"
        address = reverse("admin:payment-refund", args=[payment.pk]) + "?from=order"
        return format_html('<a href="{}">{}</a>', address, pgettext("button", "Refund"))


@admin.register(Payment)
class PaymentAdmin(PaymentColumns, LeadsToOrder, ReadOnly, LongList):
    list_display = [
        *("__str__", "order_shown", "status", "amount_shown", "refunded", "problem_in_words"),
        *("at_stripe", "created_short"),
    ]
    sortable_by = ()
    list_filter = ["status", "method", CurrencyFilter, ModeFilter]
    list_select_related = ["order"]
    search_fields = ["order__id", "checkout_session_id", "payment_intent_id"]
    search_help_text = gettext_lazy("By the order's number, or the id of a Checkout Session or PaymentIntent.")
    fields = readonly_fields = (
        *("order", "attempt", "status", "method", "amount_shown", "refunded", "account_shown", "mode"),
        *(
            "checkout_session_id",
            "payment_intent_id",
            "at_stripe",
            "problem_in_words",
            "created",
            "ended_at",
            "changed",
        ),
    )

    inlines = [RefundInline, DisputeInline]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.refund)
        return [path("<int:payment_id>/refund/", page, name="payment-refund"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        return (by_number_or_id(queryset, search_term) if search_term.strip() else queryset), False

    def refund(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """Whoever may see payments may not by that give them back."""
        if not may_refund(request):
            raise PermissionDenied
        return refund_page(request, get_object_or_404(Payment.objects.select_related("order"), pk=payment_id))

    @admin.display(description=gettext_lazy("Account"))
    def account_shown(self, payment: Payment) -> str:
        return f"{account_name(payment.publishable_key)} ({masked(payment.publishable_key)})"

    @admin.display(description=gettext_lazy("Mode"))
    def mode(self, payment: Payment) -> str:
        return _("Live") if payment.livemode else _("Test")


def by_number_or_id(payments: QuerySet[Payment], text: str) -> QuerySet[Payment]:
    """Each by an index."""
    number = number_in(text.strip())
    if number:
        return payments.filter(order=number)
    return payments.filter(Q(checkout_session_id=text.strip()) | Q(payment_intent_id=text.strip()))


class EventTypeFilter(admin.SimpleListFilter):
    """By the types that mean something here, without looking for those that occur."""

    title = gettext_lazy("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, breakable(name)) for name in EVENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        return queryset.filter(type=self.value()) if self.value() else queryset


def breakable(name: str) -> SafeString:
    """A long name of Stripe's is broken between its words."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in re.split("(?<=[._])", name)))  # noqa: S308  (ours)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, LongList):
    list_display = ["type", "account_shown", "outcome", "problem_in_words", "failures", "received_short", "event_id"]
    sortable_by = ()
    list_filter = ["outcome", EventTypeFilter, ModeFilter, "was_fetched"]
    search_fields = ["event_id__exact", "object_id__exact"]
    search_help_text = gettext_lazy("By the id of the event, or of what it is about at Stripe.")
    fields = readonly_fields = (
        *("event_id", "type", "account", "livemode", "object_id", "outcome", "problem_in_words", "failures"),
        *("last_failure_in_words", "failed_at", "was_fetched", "received", "changed", "payload"),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        health = {"accounts": health_of_accounts(), "refused": refused_deliveries()}
        return super().changelist_view(request, (extra_context or {}) | health)

    @admin.display(description=gettext_lazy("Account"))
    def account_shown(self, event: StripeEvent) -> str:
        return account_name(event.account)

    @admin.display(description=gettext_lazy("received"))
    def received_short(self, event: StripeEvent) -> str:
        return short(event.received)
