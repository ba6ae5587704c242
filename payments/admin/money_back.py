"""Refunds and disputes: to be looked at, beside their payment, their order, and by themselves."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from payments import refunds
from payments.admin.dashboard import dispute_link
from payments.admin.read_only import ReadOnly
from payments.errors import StorefrontError
from payments.models import Dispute, Order, Refund


def states_of(order: Order) -> list[str]:
    """What a list says beside the order's status: that money went back, or is contested."""
    refunded = [] if order.refunded == Order.Refunded.NOT else [order.get_refunded_display()]
    return refunded + ([] if order.dispute == Order.Dispute.NONE else [order.get_dispute_display()])


def money_back_of(order: Order) -> SafeString | str:
    """Each refund and dispute of the order's payments, in a line."""
    refunded = Refund.objects.filter(payment__order=order).select_related("payment", "requested_by")
    contested = Dispute.objects.filter(payment__order=order)
    lines = [
        *((page_of("refund", refund.pk), refund_in_words(refund)) for refund in refunded),
        *((page_of("dispute", dispute.pk), dispute_in_words(dispute)) for dispute in contested),
    ]
    return format_html_join("", '<div><a href="{}">{}</a></div>', lines) or "–"


def page_of(model: str, pk: int) -> str:
    return reverse(f"admin:payments_{model}_change", args=[pk])


def refund_in_words(refund: Refund) -> str:
    by = refund.requested_by or "Stripe's dashboard"
    why = " · ".join(part for part in (refund.get_reason_display(), refund.note, refund.problem) if part)
    return f"{refund}: {refund.shown_amount} by {by} · {refund.get_status_display()} · {why}"


def dispute_in_words(dispute: Dispute) -> str:
    due_by = dispute.evidence_due_by if dispute.is_open else None
    until = f" · answer by {date_format(due_by, 'j F Y, H:i')}" if due_by else ""
    return f"{dispute}: {dispute.shown_amount} · {dispute.reason} · {dispute.get_status_display()}{until}"


class RefundInline(ReadOnly, admin.TabularInline):
    model = Refund
    fields = readonly_fields = ("shown_amount", "status", "reason", "note", "requested_by", "problem", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return super().get_queryset(request).select_related("payment", "requested_by")


class DisputeInline(ReadOnly, admin.TabularInline):
    model = Dispute
    fields = readonly_fields = ("shown_amount", "status", "reason", "evidence_due_by", "at_stripe", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        return super().get_queryset(request).select_related("payment")

    @admin.display(description="At Stripe")
    def at_stripe(self, dispute: Dispute) -> SafeString | str:
        return dispute_link(dispute)


@admin.register(Refund)
class RefundAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        "__str__",
        "payment",
        "shown_amount",
        "status",
        "reason",
        "note",
        "requested_by",
        "problem",
        "created",
    ]
    list_filter = ["status", "reason", "payment__currency"]
    list_select_related = ["payment", "requested_by"]
    search_fields = ["=payment__order__id", "=payment__payment_intent_id", "=stripe_id"]
    fields = readonly_fields = (
        *("payment", "shown_amount", "status", "reason", "note", "requested_by", "problem"),
        *("stripe_id", "created", "changed"),
    )
    actions = ["ask_stripe"]

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.refund_payment")

    @admin.action(description="Ask Stripe what became of them", permissions=["refund"])
    def ask_stripe(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        for refund in chosen.select_related("payment__order"):
            try:
                refunds.settle_refund(refund)
            except StorefrontError as error:
                self.message_user(request, f"{refund} could not be checked: {error}", level="WARNING")
            else:
                self.message_user(request, f"{refund}: {refund.get_status_display()}")


@admin.register(Dispute)
class DisputeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "payment", "shown_amount", "status", "reason", "evidence_due_by", "at_stripe"]
    list_filter = ["status", "reason", "currency"]
    list_select_related = ["payment"]
    search_fields = ["=payment__order__id", "=payment__payment_intent_id", "=stripe_id"]
    fields = readonly_fields = (
        *("payment", "shown_amount", "status", "reason", "evidence_due_by", "is_charge_refundable"),
        *("at_stripe", "created", "changed"),
    )

    @admin.display(description="At Stripe")
    def at_stripe(self, dispute: Dispute) -> SafeString | str:
        return dispute_link(dispute)
