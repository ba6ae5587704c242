"""Refunds and disputes: to be looked at, beside their payment, their order, and by themselves."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import refunds
from payments.admin.dashboard import dispute_link
from payments.admin.long_lists import CurrencyFilter, LongList
from payments.admin.read_only import ReadOnly
from payments.errors import StorefrontError
from payments.models import Dispute, Order, Refund


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
    by = refund.requested_by or _("Stripe's dashboard")
    told = _("%(refund)s: %(amount)s by %(name)s") % {"refund": refund, "amount": refund.shown_amount, "name": by}
    why = (refund.get_reason_display(), refund.note, refund.problem)
    return " · ".join(str(part) for part in (told, refund.get_status_display(), *why) if part)


def dispute_in_words(dispute: Dispute) -> str:
    due_by = dispute.evidence_due_by if dispute.is_open else None
    until = _("answer by %(time)s") % {"time": date_format(due_by, "DATETIME_FORMAT")} if due_by else ""
    told = f"{dispute}: {dispute.shown_amount}"
    return " · ".join(str(part) for part in (told, dispute.reason, dispute.get_status_display(), until) if part)


class PaymentCurrencyFilter(CurrencyFilter):
    field = "payment__currency"


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

    @admin.display(description=gettext_lazy("At Stripe"))
    def at_stripe(self, dispute: Dispute) -> SafeString | str:
        return dispute_link(dispute)


@admin.register(Refund)
class RefundAdmin(ReadOnly, LongList):
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
    sortable_by = ()
    list_filter = ["status", "reason", PaymentCurrencyFilter]
    list_select_related = ["payment", "requested_by"]
    search_fields = ["payment__order__id__exact", "payment__payment_intent_id__exact", "stripe_id__exact"]
    fields = readonly_fields = (
        *("payment", "shown_amount", "status", "reason", "note", "requested_by", "problem"),
        *("stripe_id", "created", "changed"),
    )
    actions = ["ask_stripe"]

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.refund_payment")

    @admin.action(description=gettext_lazy("Ask Stripe what became of them"), permissions=["refund"])
    def ask_stripe(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        for refund in chosen.select_related("payment__order"):
            try:
                refunds.settle_refund(refund)
            except StorefrontError as error:
                told = _("%(refund)s could not be checked: %(problem)s") % {"refund": refund, "problem": error}
                self.message_user(request, told, level="WARNING")
            else:
                self.message_user(request, f"{refund}: {refund.get_status_display()}")


@admin.register(Dispute)
class DisputeAdmin(ReadOnly, LongList):
    list_display = ["__str__", "payment", "shown_amount", "status", "reason", "evidence_due_by", "at_stripe"]
    sortable_by = ()
    list_filter = ["status", CurrencyFilter]
    list_select_related = ["payment"]
    search_fields = ["payment__order__id__exact", "payment__payment_intent_id__exact", "stripe_id__exact"]
    fields = readonly_fields = (
        *("payment", "shown_amount", "status", "reason", "evidence_due_by", "is_charge_refundable"),
        *("at_stripe", "created", "changed"),
    )

    @admin.display(description=gettext_lazy("At Stripe"))
    def at_stripe(self, dispute: Dispute) -> SafeString | str:
        return dispute_link(dispute)
