"""The first page of the admin: what is left to do, what needs somebody, and what came in last."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from payments.admin.guide import left_to_do, may_see_guide
from payments.admin.order_state import badges
from payments.models import Item, Order, Payment, Refund, StripeEvent
from payments.money import format_amount

SHOWN = 5
LATEST = 8
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Call:
    """Something that needs somebody: what, where it is seen, and more of the kind."""

    title: str
    url: str
    found: list[tuple[str, str]]


def page(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Home"),
        # Before whoever may log in, what they log in for.
        "app_list": sorted(admin.site.get_app_list(request), key=lambda app: app["app_label"] != Order._meta.app_label),
        "steps": left_to_do() if may_see_guide(request) else [],
        "may_see_guide": may_see_guide(request),
        "calls": [call for call in calls(request) if call.found],
        "latest": latest(request),
    }
    return admin.site.index(request, context)


def calls(request: HttpRequest) -> Iterator[Call]:
    if request.user.has_perm("payments.view_order"):
        yield disputed()
    if request.user.has_perm("payments.view_payment"):
        yield paid_with_a_warning()
    if request.user.has_perm("payments.view_refund"):
        yield failed_refunds()
    if request.user.has_perm("payments.view_stripeevent"):
        yield failed_webhooks()
    if request.user.has_perm("payments.view_item"):
        yield sold_out()


def disputed() -> Call:
    orders = Order.objects.filter(dispute=Order.Dispute.OPEN)[:SHOWN]
    found = [(str(order), change_page("order", order.pk)) for order in orders]
    return Call(_("Disputed orders: answer in time"), change_list("order", "dispute__exact=open"), found)


def paid_with_a_warning() -> Call:
    payments = Payment.objects.needing_somebody().select_related("order")[:SHOWN]
    found = [
        (f"{payment.order}: {payment.problem_in_words}", change_page("payment", payment.pk)) for payment in payments
    ]
    return Call(_("Payments to look at"), change_list("payment"), found)


def failed_refunds() -> Call:
    refunds = Refund.objects.filter(status=Refund.Status.FAILED, changed__gt=timezone.now() - LATELY)
    found = [(str(refund), change_page("refund", refund.pk)) for refund in refunds[:SHOWN]]
    return Call(_("Refunds by which nothing went back"), change_list("refund", "status__exact=failed"), found)


def failed_webhooks() -> Call:
    events: QuerySet[StripeEvent] = StripeEvent.objects.waiting().filter(failures__gt=0).order_by("id")
    found = [
        (f"{event.type}: {event.problem_in_words}", change_page("stripeevent", event.pk)) for event in events[:SHOWN]
    ]
    return Call(_("Events that could not be worked on"), change_list("stripeevent", "outcome__exact=received"), found)


def sold_out() -> Call:
    items = Item.objects.filter(on_sale=True, stock=0)[:SHOWN]
    found = [(item.name, change_page("item", item.pk)) for item in items]
    return Call(_("Sold out"), change_list("item", "on_sale__exact=1"), found)


def latest(request: HttpRequest) -> list[dict[str, object]]:
    if not request.user.has_perm("payments.view_order"):
        return []
    orders = Order.objects.prefetch_related("lines", "taxes", "payments")[:LATEST]
    return [
        {
            "order": order,
            "url": change_page("order", order.pk),
            "state": badges(order),
            "total": format_amount(order.price.total, order.currency),
            "bought": ", ".join(str(line) for line in order.lines.all()),
        }
        for order in orders
    ]


def change_page(model: str, pk: int) -> str:
    return reverse(f"admin:payments_{model}_change", args=[pk])


def change_list(model: str, query: str = "") -> str:
    address = reverse(f"admin:payments_{model}_changelist")
    return f"{address}?{query}" if query else address
