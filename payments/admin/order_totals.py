"""What an order comes to while staff is still composing it. Nothing is saved, and Stripe is not asked."""

from collections.abc import Iterable

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from payments import money, pricing
from payments.admin.order_adjustments import AdjustmentsForm
from payments.admin.order_lines import several_currencies, too_many_lines
from payments.errors import StorefrontError
from payments.models import Item, Order, OrderTax
from payments.models.order_lines import MAXIMUM_LINES, MAXIMUM_QUANTITY
from payments.money import format_amount

LARGEST_ID = 2**63 - 1


class SentLine(forms.Form):
    id = forms.IntegerField(required=False, max_value=LARGEST_ID)
    item = forms.IntegerField(max_value=LARGEST_ID)
    quantity = forms.IntegerField(initial=1, min_value=1, max_value=MAXIMUM_QUANTITY)


# As many more may be marked for removal.
SentLines = forms.formset_factory(SentLine, can_delete=True, max_num=MAXIMUM_LINES, absolute_max=2 * MAXIMUM_LINES)


def totals_of(request: HttpRequest, order: Order | None) -> HttpResponse:
    """JSON for the form's script: `rows` by the prefix of their fields, `parts` of the price, and a `problem`."""
    rows, problem = sent_rows(request, order)
    shown = {prefix: row_shown(*row) for prefix, row in rows.items()}
    found = sorted({currency for currency, _, _ in rows.values()})
    if len(found) > 1:
        problem = several_currencies(found)
    if len(rows) > MAXIMUM_LINES:
        problem = too_many_lines()
    if problem or not rows:
        return JsonResponse({"rows": shown, "parts": [], "problem": problem})
    parts, problem = parts_sent(request, order or Order(currency=found[0]), found[0], rows.values())
    return JsonResponse({"rows": shown, "parts": parts, "problem": problem})


Row = tuple[str, int, int]


def sent_rows(request: HttpRequest, order: Order | None) -> tuple[dict[str, Row], str]:
    """Currency, unit amount and quantity of each line that is filled in; and what is wrong with the others."""
    formset = SentLines(request.POST, prefix="lines")
    told = _("Choose an item and a quantity from 1 to %(most)d on each line.") % {"most": MAXIMUM_QUANTITY}
    problem = "" if formset.is_valid() else told
    sent = {str(form.prefix): form.cleaned_data for form in formset.forms if form.is_valid() and form.cleaned_data}
    kept = {prefix: values for prefix, values in sent.items() if not values.get("DELETE")}
    items = Item.objects.in_bulk([values["item"] for values in kept.values()])
    lines = {line.pk: line for line in order.lines.all()} if order else {}
    rows: dict[str, Row] = {}
    for prefix, values in kept.items():
        line = lines.get(values["id"])
        source = line if line and line.item_id == values["item"] else items.get(values["item"])
        if source:
            rows[prefix] = (source.currency, source.unit_amount, values["quantity"])
    return rows, problem


def row_shown(currency: str, unit_amount: int, quantity: int) -> dict[str, str]:
    amount = pricing.line_amount(unit_amount, quantity)
    return {"unit_price": format_amount(unit_amount, currency), "sum": format_amount(amount, currency)}


@transaction.atomic
def parts_sent(request: HttpRequest, order: Order, currency: str, rows: Iterable[Row]) -> tuple[list[str], str]:
    """The parts of the price with the discount and the taxes as they were sent, and what is wrong with them."""
    form = AdjustmentsForm(request.POST, instance=order)
    if not form.is_valid():
        return [], " ".join(str(message) for messages in form.errors.values() for message in messages)
    problem = form.let_have_discount(order, order.copy_discount)
    price = pricing.price(
        ((unit_amount, quantity) for _, unit_amount, quantity in rows),
        discount=order.discount_terms,
        taxes=[tax.terms for tax in form.order_taxes],
        step=money.step(currency),
    )
    problem = problem or problem_with_amount(price.total, currency)
    return price_parts(price, currency, order.discount_name, form.order_taxes), problem


def problem_with_amount(total: int, currency: str) -> str:
    """An order that comes to nothing is complete without Stripe."""
    try:
        if total:
            money.require_chargeable(total, currency)
    except StorefrontError as error:
        return str(error)
    return ""


def price_parts(price: pricing.Price, currency: str, discount_name: str, taxes: Iterable[OrderTax]) -> list[str]:
    parts = [_("Subtotal %(amount)s") % {"amount": format_amount(price.subtotal, currency)}]
    if discount_name:
        parts.append(f"{discount_name} −{format_amount(price.discount, currency)}")
    for tax, amount in zip(taxes, price.taxes, strict=True):
        parts.append(f"{tax} {format_amount(amount, currency)}")
    return [*parts, _("Total %(amount)s") % {"amount": format_amount(price.total, currency)}]
