"""The order's link, by which its shopper pays, sent by mail."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from payments import emails
from payments.errors import EmailNotSent
from payments.models import Order, OrderChange

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class LinkForm(forms.Form):
    email = forms.EmailField()


def send(request: HttpRequest, order: Order) -> bool:
    """Whether it was sent, to the address of the form; staff is told. The caller has seen to it that they may."""
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The link was not sent: type an e-mail address."))
        return False
    order.email = form.cleaned_data["email"]
    order.save(update_fields=["email"])
    try:
        emails.send_payment_link(order, request.build_absolute_uri(reverse("order", args=[order.uuid])))
    except EmailNotSent as error:
        messages.error(request, _("The link was not sent. %(problem)s") % {"problem": error})
        return False
    by = cast("User", request.user)
    OrderChange.objects.note(order, OrderChange.Kind.LINK_SENT, by=by, detail=order.email)
    told = _("The link was sent to %(email)s.") % {"email": order.email}
    messages.success(request, f"{told}{emails.where_mail_goes()}")
    return True


def noted(order: Order) -> list[dict[str, Any]]:
    """For the order's history, which translates it for its reader."""
    return [{"added": {"name": gettext_noop("mail with the payment link"), "object": order.email}}]
