"""Refunds and disputes: to be looked at, beside their payment, their order, and by themselves."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import refunds
from payments.admin.dashboard import dispute_link
from payments.admin.long_lists import CurrencyFilter, LongList, short
from payments.admin.read_only import ReadOnly
from payments.admin.related import LeadsToOrder
from payments.errors import StorefrontError
from payments.models import Dispute, Refund

# A person waits for each answer, and as many are told on one page.
MOST_AT_ONCE = 20
SEARCH_HELP = gettext_lazy("By the order's number, or an id at Stripe.")


class PaymentCurrencyFilter(CurrencyFilter):
    field = "payment__currency"


class RefundInline(ReadOnly, admin.TabularInline):
    model = Refund
    fields = readonly_fields = (
        "shown_amount",
        "status",
        "reason",
        "note",
        "requested_by",
        "problem_in_words",
        "created",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return super().get_queryset(request).select_related("payment", "requested_by")


class DisputeInline(ReadOnly, admin.TabularInline):
    model = Dispute
    fields = readonly_fields = ("shown_amount", "status", "reason_in_words", "evidence_due_by", "at_stripe", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        return super().get_queryset(request).select_related("payment")

    @admin.display(description=gettext_lazy("At Stripe"))
    def at_stripe(self, dispute: Dispute) -> SafeString | str:
        return dispute_link(dispute)


@admin.register(Refund)
class RefundAdmin(LeadsToOrder, ReadOnly, LongList):
    list_display = [
        *("__str__", "order_shown", "shown_amount", "status", "reason", "note", "requested_by"),
        *("problem_in_words", "created_short"),
    ]
    sortable_by = ()
    list_filter = ["status", "reason", PaymentCurrencyFilter]
    list_select_related = ["payment__order", "requested_by"]
    search_fields = ["payment__order__id__exact", "payment__payment_intent_id__exact", "stripe_id__exact"]
    search_help_text = SEARCH_HELP
    fields = readonly_fields = (
        *("payment", "shown_amount", "status", "reason", "note", "requested_by", "problem_in_words"),
        *("stripe_id", "created", "changed"),
    )
    actions = ["ask_stripe"]

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.refund_payment")

    @admin.action(description=gettext_lazy("Ask Stripe what became of them"), permissions=["refund"])
    def ask_stripe(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        refunds_chosen = list(chosen.select_related("payment__order")[: MOST_AT_ONCE + 1])
        if len(refunds_chosen) > MOST_AT_ONCE:
            told = _("At most %(count)d refunds are asked about at once: choose fewer.")
            self.message_user(request, told % {"count": MOST_AT_ONCE}, level="ERROR")
            return
        for refund in refunds_chosen:
            try:
                refunds.settle_refund(refund)
            except StorefrontError as error:
                told = _("%(refund)s could not be checked: %(problem)s") % {"refund": refund, "problem": error}
                self.message_user(request, told, level="WARNING")
            else:
                self.message_user(request, f"{refund}: {refund.get_status_display()}")


@admin.register(Dispute)
class DisputeAdmin(LeadsToOrder, ReadOnly, LongList):
    list_display = ["__str__", "order_shown", "shown_amount", "status", "reason_in_words", "due", "at_stripe"]
    sortable_by = ()
    list_filter = ["status", CurrencyFilter]
    list_select_related = ["payment__order"]
    search_fields = ["payment__order__id__exact", "payment__payment_intent_id__exact", "stripe_id__exact"]
    search_help_text = SEARCH_HELP
    fields = readonly_fields = (
        *("payment", "shown_amount", "status", "reason_in_words", "evidence_due_by", "is_charge_refundable"),
        *("at_stripe", "created", "changed"),
    )

    @admin.display(description=gettext_lazy("answer due by"))
    def due(self, dispute: Dispute) -> str:
        return short(dispute.evidence_due_by) if dispute.evidence_due_by else ""

    @admin.display(description=gettext_lazy("At Stripe"))
    def at_stripe(self, dispute: Dispute) -> SafeString | str:
        return dispute_link(dispute)
