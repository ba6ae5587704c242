"""Orders: composed by staff until they are paid, and to be looked at from then on."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from payments import fulfillment
from payments.admin import packing, payment_link
from payments.admin.board_filter import CountedOnBoard
from payments.admin.long_lists import CurrencyFilter, LongList, SeldomFilter
from payments.admin.order_adjustments import AdjustmentsForm, no_longer_offered
from payments.admin.order_items import items_for_sale
from payments.admin.order_lines import OrderLineInline, may_be_composed
from payments.admin.order_search import search
from payments.admin.order_shopper import COLUMNS, ShopperForm
from payments.admin.order_state import StateFilter, badges
from payments.admin.order_totals import price_parts, totals_of
from payments.admin.payments import PaymentInline, may_refund
from payments.admin.related import ChoosesOnly
from payments.admin.timeline import timeline_of
from payments.errors import OrderClosed, StorefrontError
from payments.models import Order, OrderChange, Payment
from payments.money import format_amount

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class OrderForm(ShopperForm, AdjustmentsForm):
    # Set for each request by the admin, which asks Stripe before its transaction begins.
    page_stays_open = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.page_stays_open:
            raise ValidationError(self.page_stays_open)
        if self.instance.pk:
            try:
                self.instance.require_not_offered()
            except OrderClosed as error:
                raise ValidationError(str(error)) from None
        return cleaned


def close_shoppers_page(order: Order) -> str:
    """The shopper must not pay an order that is being changed: why the page stays open, or an empty text.

    Raises OrderClosed if it is paid.
    """
    try:
        fulfillment.take_back_offers(order)
    except OrderClosed:
        raise
    except StorefrontError as error:
        return _(
            "The shopper has a payment page of this order open, and it cannot be taken back at the moment "
            "(%(code)s). Save again in a minute."
        ) % {"code": error.code}
    return ""


@admin.register(Order)
class OrderAdmin(ChoosesOnly, LongList):
    form = OrderForm
    list_display = ["__str__", "state", "total", "email", "bought", "created_short"]
    sortable_by = ()
    list_filter = [
        StateFilter,
        ("refunded", SeldomFilter),
        ("dispute", SeldomFilter),
        CurrencyFilter,
        "created",
        CountedOnBoard,
    ]
    # They are looked for by `search`; Django shows its field for this.
    search_fields = ["id"]
    search_help_text = gettext_lazy(
        "By number, by how the shopper's e-mail address or an item's name begins, "
        "or by the id of a Checkout Session or PaymentIntent."
    )
    fields = ["discount", "taxes"]
    inlines = [OrderLineInline, PaymentInline]
    actions = ["print_packing_slips"]

    class Media:
        js = [forms.Script("shop/admin_order.js", defer=True)]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = [
            path("totals/", view(self.totals), name="order-totals"),
            path("<int:order_id>/totals/", view(self.totals), name="order-totals-of"),
            path("<int:order_id>/send/", view(self.send_link), name="order-send-link"),
            path("packing-slips/", view(self.packing_slips), name="order-packing-slips"),
            path("items/", view(self.items), name="order-items"),
        ]
        return [*pages, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Order | None = None) -> Any:
        if obj is None:
            return ["email", "language", "discount", "taxes", "price_shown"]
        if not self.has_change_permission(request, obj):
            return ["state", "email", "language_shown", "discount_shown", "price_shown", "created", "paid_at"]
        removable = ["removed"] if no_longer_offered(obj) else []
        return ["state", "email", "language", "discount", "taxes", *removable, "price_shown", "created", "paid_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> list[str]:
        return ["state", "language_shown", "discount_shown", "price_shown", "created", "paid_at"]

    def get_inlines(self, request: HttpRequest, obj: Order | None = None) -> list[Any]:
        return [OrderLineInline, PaymentInline] if obj else [OrderLineInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("lines", "taxes", "payments")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The newest first; by the time, where a time is asked for, so that its index serves both."""
        return ("-created", "-id") if "created__gte" in request.GET else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        return (search(queryset, search_term) if search_term.strip() else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Without its lines an order has nothing in it, and no currency."""
        return super().has_add_permission(request) and request.user.has_perm("payments.add_orderline")

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return may_be_composed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """An order says what was offered to somebody: it stays."""
        return False

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Stripe is asked before the transaction in which the admin saves: nobody shall wait for both."""
        order = self.get_object(request, unquote(object_id)) if object_id and request.method == "POST" else None
        if order and self.has_change_permission(request, order):
            try:
                request.page_stays_open = close_shoppers_page(order)  # type: ignore[attr-defined]
            except OrderClosed as error:
                told = _("Nothing was changed. %(problem)s") % {"problem": error}
                self.message_user(request, told, level="WARNING")
                return HttpResponseRedirect(change_page(order))
        return super().changeform_view(request, object_id, *args, **kwargs)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = context["original"]
        if obj:
            context |= {
                "timeline": [(entry, request.user.has_perm(entry.permission)) for entry in timeline_of(obj)],
                "packing_slip": packing.address_of_slips([obj.pk]) if obj.is_paid else "",
                "refundable": refundable(obj) if may_refund(request) else [],
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.page_stays_open = getattr(request, "page_stays_open", "")  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        """What is there already is only changed column by column: the rest was read before the row was locked."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = [column for column in COLUMNS if column in form.changed_data]
        if changed:
            obj.save(update_fields=changed)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        order = Order.objects.get(pk=form.instance.pk)
        order.let_go_of_visitor()
        order.put_taxes(form.taxes_for(order.currency), removed=form.removed_taxes)
        problem = form.let_have_discount(order, order.give_discount)
        for told in (problem, form.unseen_in_words(order)):
            if told:
                self.message_user(request, told, level="WARNING")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        note(request, obj, OrderChange.Kind.MADE)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        entry = super().log_change(request, obj, message)
        note(request, obj, OrderChange.Kind.CHANGED, detail=entry.change_message)
        return entry

    def response_post_save_add(self, request: HttpRequest, obj: Order) -> HttpResponseRedirect:
        """On to the page that has the link for the shopper."""
        if not self.has_view_permission(request, obj):
            return super().response_post_save_add(request, obj)
        return HttpResponseRedirect(change_page(obj))

    @method_decorator(require_POST)
    def totals(self, request: HttpRequest, order_id: int | None = None) -> HttpResponse:
        """What the order comes to as it stands in the form, for the script that shows it."""
        order = get_object_or_404(Order, pk=order_id) if order_id else None
        if not (self.has_change_permission(request, order) if order else self.has_add_permission(request)):
            raise PermissionDenied
        return totals_of(request, order)

    def items(self, request: HttpRequest) -> HttpResponse:
        """What may be put in a line, for the field that looks it up."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        return items_for_sale(request)

    @method_decorator(require_POST)
    def send_link(self, request: HttpRequest, order_id: int) -> HttpResponse:
        order = get_object_or_404(Order.objects.prefetch_related("lines", "taxes"), pk=order_id)
        if not super().has_change_permission(request, order):
            raise PermissionDenied
        if payment_link.send(request, order):
            super().log_change(request, order, payment_link.noted(order))
        return HttpResponseRedirect(change_page(order))

    def packing_slips(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return packing.slips_page(request, Order.objects.all())

    @admin.action(description=gettext_lazy("Print packing slips"), permissions=["view"])
    def print_packing_slips(self, request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse | None:
        ids = list(chosen.values_list("pk", flat=True)[: packing.MOST_AT_ONCE + 1])
        if len(ids) > packing.MOST_AT_ONCE:
            told = _("At most %(count)d packing slips are printed at once: choose fewer orders.")
            self.message_user(request, told % {"count": packing.MOST_AT_ONCE}, level="ERROR")
            return None
        return HttpResponseRedirect(packing.address_of_slips(ids))

    @admin.display(description=gettext_lazy("State"))
    def state(self, order: Order) -> SafeString:
        return badges(order)

    @admin.display(description=gettext_lazy("Bought"))
    def bought(self, order: Order) -> str:
        return ", ".join(str(line) for line in order.lines.all())

    @admin.display(description=gettext_lazy("Language"))
    def language_shown(self, order: Order) -> str:
        return ShopperForm.name_of(order.language) or "–"

    @admin.display(description=gettext_lazy("Discount"))
    def discount_shown(self, order: Order) -> str:
        return order.discount_name or "–"

    @admin.display(description=gettext_lazy("Total"))
    def total(self, order: Order) -> str:
        return format_amount(order.price.total, order.currency)

    @admin.display(description=gettext_lazy("Price"))
    def price_shown(self, order: Order) -> SafeString:
        """The script replaces the text at each change of the form, by what the address answers."""
        silent = _("The shop cannot be reached at the moment: save to see the total.")
        output = '<output id="order-totals" data-url="{}" data-silent="{}">{}</output>'
        if order.pk is None:
            return format_html(output, reverse("admin:order-totals"), silent, "–")
        parts = " · ".join(price_parts(order.price, order.currency, order.discount_name, order.taxes.all()))
        if not may_be_composed(order):
            return format_html("{}", parts)
        return format_html(output, reverse("admin:order-totals-of", args=[order.pk]), silent, parts)


def note(request: HttpRequest, order: Order, kind: OrderChange.Kind, *, detail: str = "") -> None:
    OrderChange.objects.note(order, kind, by=cast("User", request.user), detail=detail)


def refundable(order: Order) -> list[Payment]:
    return [payment for payment in order.payments.all() if payment.refundable_amount]


def change_page(order: Order) -> str:
    return reverse("admin:payments_order_change", args=[order.pk])
