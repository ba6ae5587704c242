"""The form by which staff gives money back: filled in, confirmed, and then done once."""

import uuid
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import refunds
from payments.errors import RefundRefused, StorefrontError
from payments.models import Order, Payment, Refund
from payments.models.refunds import MAXIMUM_NOTE
from payments.money import format_amount, from_minor_units, price_decimals, to_minor_units

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class RefundForm(forms.Form):
    """The token makes it one refund, however often the form is sent."""

    # In major units, with the decimals that a price in the payment's currency has.
    amount = forms.DecimalField()
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=Refund.Reason)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=MAXIMUM_NOTE,
        help_text=gettext_lazy("For the shop; the shopper does not see it."),
        widget=forms.Textarea({"rows": 2}),
    )
    token = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(
            ("required", "invalid"), gettext_lazy("Open this page again: it was not sent as it was shown.")
        ),
    )

    def __init__(self, payment: Payment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment = payment
        self.initial = {
            "amount": from_minor_units(payment.refundable_amount, payment.currency),
            "reason": Refund.Reason.DUPLICATE if payment.status == Payment.Status.DUPLICATE else None,
            "token": uuid.uuid4(),
        }
        self.fields["amount"] = forms.DecimalField(
            label=_("Amount in %(currency)s") % {"currency": payment.currency},
            min_value=0,
            max_digits=14,
            decimal_places=price_decimals(payment.currency),
        )

    def clean(self) -> dict[str, Any]:
        """Before it is confirmed; afterwards what is left is looked at under a lock, and a second click finds less."""
        values: dict[str, Any] = super().clean() or {}
        if "amount" in values and not self.is_confirmed:
            try:
                self.payment.require_refundable(self.minor_units)
            except RefundRefused as refusal:
                raise forms.ValidationError(str(refusal)) from None
        return values

    @property
    def is_confirmed(self) -> bool:
        return "confirmed" in self.data

    @property
    def minor_units(self) -> int:
        return to_minor_units(self.cleaned_data["amount"], self.payment.currency)


def refund_page(request: HttpRequest, payment: Payment) -> HttpResponse:
    """The caller has seen to it that the user may do this."""
    form = RefundForm(payment, request.POST if request.method == "POST" else None)
    if not form.is_valid() or "again" in form.data:
        return page(request, payment, form)
    if not form.is_confirmed:
        return page(request, payment, form, amount=format_amount(form.minor_units, payment.currency))
    try:
        refund = give_back(form, by=cast("User", request.user))
    except StorefrontError as error:
        form.add_error(None, _("Nothing was refunded. %(problem)s") % {"problem": error})
        return page(request, payment, form)
    tell(request, refund)
    return HttpResponseRedirect(page_behind(request, payment))


def give_back(form: RefundForm, *, by: "User") -> Refund:
    values = form.cleaned_data
    return refunds.refund(
        payment=form.payment,
        amount=form.minor_units,
        reason=values["reason"],
        note=values["note"],
        by=by,
        token=values["token"],
    )


def tell(request: HttpRequest, refund: Refund) -> None:
    values = {"amount": refund.shown_amount, "problem": refund.problem_in_words}
    if refund.is_unanswered:
        messages.warning(request, _("%(amount)s is to be refunded. %(problem)s") % values)
    elif refund.status in Refund.NOTHING_WENT_BACK:
        messages.error(request, _("Nothing was refunded. %(problem)s") % values)
    elif refund.status == Refund.Status.SUCCEEDED:
        messages.success(request, _("%(amount)s was refunded.") % values)
    else:
        told = _("%(amount)s is on its way back. The bank takes its time, and may still refuse.")
        messages.success(request, told % values)


def page_behind(request: HttpRequest, payment: Payment) -> str:
    """Staff goes back where it came from, the order or the payment; whoever may refund may not by that see either."""
    pages: list[Payment | Order] = [payment, payment.order]
    for shown in reversed(pages) if request.GET.get("from") == "order" else pages:
        if admin.site.get_model_admin(type(shown)).has_view_permission(request, shown):
            return reverse(f"admin:payments_{shown._meta.model_name}_change", args=[shown.pk])
    return reverse("admin:index")


def page(request: HttpRequest, payment: Payment, form: RefundForm, *, amount: str = "") -> HttpResponse:
    """With an `amount` it asks for a confirmation."""
    context = admin.site.each_context(request) | {
        "title": _("Refund %(payment)s") % {"payment": payment.order},
        "opts": Payment._meta,
        "reason": Refund.Reason(form.cleaned_data["reason"]).label if amount else "",
        "payment": payment,
        "left": format_amount(payment.refundable_amount, payment.currency),
        "form": form,
        "amount": amount,
        "page_behind": page_behind(request, payment),
    }
    return render(request, "admin/payments/payment/refund.html", context)
