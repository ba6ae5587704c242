"""What a list says of an order at a glance: whether money was paid, went back, or is contested."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.models import Order, Payment


@dataclass(frozen=True)
class Badge:
    says: str
    # good, waiting, over or bad: how it is colored. The words say the same.
    kind: str


def badges(order: Order) -> SafeString:
    """The caller has prefetched lines, taxes and payments."""
    return format_html_join(" ", '<span class="state {}">{}</span>', ((each.kind, each.says) for each in all_of(order)))


def all_of(order: Order) -> Iterator[Badge]:
    yield status_of(order)
    if order.refunded != Order.Refunded.NOT:
        yield Badge(order.get_refunded_display(), "over")
    if order.dispute != Order.Dispute.NONE:
        yield Badge(order.get_dispute_display(), "good" if order.dispute == Order.Dispute.WON else "bad")


def status_of(order: Order) -> Badge:
    if order.is_paid:
        return Badge(_("Paid") if is_paid_with_money(order) else _("Complete"), "good")
    if order.status == Order.Status.PROCESSING:
        return Badge(order.get_status_display(), "waiting")
    if not order.price.total:
        return Badge(_("Nothing to pay"), "waiting")
    return unpaid(list(order.payments.all()))


def is_paid_with_money(order: Order) -> bool:
    return bool(order.price.total if order.total_amount is None else order.total_amount)


def unpaid(payments: list[Payment]) -> Badge:
    if not payments:
        return Badge(_("Awaiting payment"), "waiting")
    if any(payment.status in Payment.UNDER_WAY for payment in payments):
        return Badge(_("Payment page open"), "waiting")
    last = max(payments, key=lambda payment: payment.attempt)
    return Badge(_("Payment failed") if last.status == Payment.Status.FAILED else _("Payment page expired"), "over")


# The total is noted when an order is first offered, with its first payment.
NEVER_OFFERED = Order.objects.filter(status="pending", total_amount=None).order_by().values("pk")
OPEN = Payment.objects.filter(status__in=Payment.UNDER_WAY).order_by().values("order")
# Those that are not paid have an index of their own: said twice, so that SQLite sees it as well.
NOT_PAID = ~Q(status="paid")
STATES = {
    "paid": Q(status="paid") & (Q(total_amount__gt=0) | Q(total_amount=None)),
    "complete": Q(status="paid", total_amount=0),
    "processing": Q(status="processing") & NOT_PAID,
    "waiting": Q(status="pending", pk__in=NEVER_OFFERED.union(OPEN)),
    "over": Q(status="pending", total_amount__isnull=False) & NOT_PAID & ~Q(pk__in=OPEN),
}


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [
            ("paid", _("Paid")),
            ("complete", _("Complete: nothing was to be paid")),
            ("processing", _("Payment under way")),
            ("waiting", _("Awaiting payment")),
            ("over", _("Not paid: the page expired, or the payment failed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(STATES[self.value() or ""]) if self.value() in STATES else queryset
