"""What is left to do until the shop sells: shown until all of it is done, and to be looked at again later.

For staff who may look at the events of the accounts: nobody else learns how the shop is set up.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from payments import doctor, emails
from payments.admin.webhook_health import name_of
from payments.doctor import Finding
from payments.endpoints import NotAnOrigin, url_at
from payments.gateway.keys import Keypair, currencies, every_keypair, masked, ring
from payments.models import Item, Order, ReadEvents, StripeEvent
from payments.webhooks import STRIPE_TRIES_AT_ONCE

# The clock runs each minute; some runs take long.
CLOCK_IS_SEEN = timedelta(minutes=15)
UNNAMED = "Storefront"


@dataclass(frozen=True)
class Step:
    title: str
    is_done: bool
    # What to do, or what was found.
    says: str
    url: str = ""


def may_see_guide(request: HttpRequest) -> bool:
    return request.user.has_perm("payments.view_stripeevent")


def steps() -> list[Step]:
    return [keys(), webhooks(), clock(), mail(), name(), item(), order()]


def left_to_do() -> list[Step]:
    return [step for step in steps() if not step.is_done]


def keys() -> Step:
    title = _("Stripe's keys")
    codes = get_text_list(currencies(), _("and"))
    if not codes:
        return Step(title, False, _("No currency has keys yet: set three variables for each in .env, and restart."))
    if settings.STRIPE_SANDBOX:
        told = _("Payments go to the stand-in for Stripe. Set the keys of your own accounts in .env, and restart.")
        return Step(title, False, told)
    return Step(title, True, _("There are keys for %(currencies)s.") % {"currencies": codes})


def webhooks() -> Step:
    title = _("Webhooks")
    silent = [name_of(keypair) for keypair in ring().values() if not has_delivered(keypair)]
    url = reverse("admin:payments_stripeevent_changelist")
    if not ring() or silent:
        told = _(
            "Nothing has arrived yet from the accounts for %(currencies)s: run “manage.py register_webhooks”, "
            "set the secrets that it prints, and pay a first order."
        )
        return Step(title, False, told % {"currencies": get_text_list(silent, _("and")) or "–"}, url)
    return Step(title, True, _("Each account has told the shop of something."), url)


def has_delivered(keypair: Keypair) -> bool:
    return StripeEvent.objects.filter(account=keypair.publishable_key, was_fetched=False).exists()


def clock() -> Step:
    """It is known by what it leaves behind: until when the events of an account were read."""
    title = _("The clock")
    read = ReadEvents.objects.order_by("-until").first()
    seen = read.until + STRIPE_TRIES_AT_ONCE if read else None
    if seen and timezone.now() - seen < CLOCK_IS_SEEN:
        return Step(title, True, _("Missed payments are fetched again and again."))
    told = _("Run “manage.py reconcile --every 60” beside the shop: it settles what no webhook told of.")
    return Step(title, False, told)


def mail() -> Step:
    if emails.where_mail_goes():
        told = _("Set EMAIL_URL in .env, and restart. Until then mails are only printed where the shop runs.")
        return Step(_("The mail server"), False, told)
    return Step(_("The mail server"), True, _("Mails are handed to it."))


def name() -> Step:
    if settings.SHOP_NAME == UNNAMED:
        return Step(_("The shop's name"), False, _("Set SHOP_NAME in .env, and restart."))
    return Step(_("The shop's name"), True, settings.SHOP_NAME)


def item() -> Step:
    title = _("The first item")
    if Item.objects.filter(on_sale=True, currency__in=currencies()).exists():
        return Step(title, True, _("Something is on sale."), reverse("admin:payments_item_changelist"))
    return Step(title, False, _("Add an item, and put it on sale."), reverse("admin:payments_item_add"))


def order() -> Step:
    title = _("The first paid order")
    if Order.objects.filter(status=Order.Status.PAID).exists():
        return Step(title, True, _("An order was paid."), reverse("admin:payments_order_changelist"))
    return Step(title, False, _("Buy something yourself, to see that it works."), reverse("catalog"))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    require_may_see_guide(request)
    return show(request)


@require_POST
def examine(request: HttpRequest) -> HttpResponse:
    """Ask each account. Nothing of a key is shown but what tells it from others."""
    require_may_see_guide(request)
    return show(request, examined=[(keypair_in_words(keypair), findings(keypair)) for keypair in every_keypair()])


def require_may_see_guide(request: HttpRequest) -> None:
    if not may_see_guide(request):
        raise PermissionDenied


def show(request: HttpRequest, **found: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": _("Getting started"), "steps": steps(), **found}
    return render(request, "admin/guide.html", context)


def keypair_in_words(keypair: Keypair) -> str:
    return f"{name_of(keypair)} ({masked(keypair.publishable_key)})"


def findings(keypair: Keypair) -> list[Finding]:
    try:
        url = url_at(settings.SHOP_ORIGIN) if settings.SHOP_ORIGIN else ""
    except NotAnOrigin:
        url = ""
    return doctor.examine(keypair, url)
