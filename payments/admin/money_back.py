"""Refunds and disputes: to be looked at, beside their payment, their order, and by themselves."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import refunds
from payments.admin.dashboard import dispute_link
from payments.admin.long_lists import CurrencyFilter, LongList, short
from payments.admin.order_search import number_in
from payments.admin.read_only import ReadOnly
from payments.admin.related import LeadsToOrder
from payments.errors import StorefrontError
from payments.models import Dispute, Refund

# A person waits for each answer, and as many are told on one page.
MOST_AT_ONCE = 20


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


class MoneyBackList(ReadOnly, LongList):
    sortable_by = ()
    # They are looked for by `found_by`; Django shows its field for this.
    search_fields = ["stripe_id"]
    search_help_text = gettext_lazy("By the order's number, or an id at Stripe.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (found_by(queryset, search_term.strip()) if search_term.strip() else queryset), False


def found_by(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Each by an index: an OR of what stands in two tables would be tried with every row."""
    number = number_in(text)
    if number:
        return rows.filter(payment__order=number)
    every = rows.model._default_manager.order_by().values("pk")
    return rows.filter(pk__in=every.filter(stripe_id=text).union(every.filter(payment__payment_intent_id=text)))


@admin.register(Refund)
class RefundAdmin(LeadsToOrder, MoneyBackList):
    list_display = [
        *("__str__", "order_shown", "shown_amount", "status", "reason", "note", "requested_by"),
        *("problem_in_words", "created_short"),
    ]
    list_filter = ["status", "reason", PaymentCurrencyFilter]
    list_select_related = ["payment__order", "requested_by"]
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
class DisputeAdmin(LeadsToOrder, MoneyBackList):
    list_display = ["__str__", "order_shown", "shown_amount", "status", "reason_in_words", "due", "at_stripe"]
    list_filter = ["status", CurrencyFilter]
    list_select_related = ["payment__order"]
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
