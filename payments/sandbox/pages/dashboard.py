"""In the place of Stripe's dashboard: a payment, to be refunded behind the shop's back, and its disputes."""

import sqlite3
from typing import Any

from django import forms
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from payments.money import format_amount, from_minor_units, price_decimals, to_minor_units
from payments.sandbox import store
from payments.sandbox.errors import ApiError
from payments.sandbox.objects import disputes, refunds
from payments.sandbox.pages.views import SeeOther
from payments.sandbox.paying import overdue
from payments.sandbox.store import JSON
from payments.sandbox.webhooks.courier import courier


class DashboardForm(forms.Form):
    """One button each; a refund comes with its amount, a dispute's button with the dispute's id."""

    act = forms.ChoiceField(choices=[(name, name) for name in ("refund", "answer", "win", "lose")])
    dispute = forms.CharField(required=False, max_length=100)
    amount = forms.DecimalField(required=False, min_value=0)


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True)
@staff_member_required
def payment(request: HttpRequest, id: str) -> HttpResponse:
    overdue.catch_up()
    with store.reading() as db:
        account = store.account_of(db, "payment_intent", id)
    if account is None:
        return render(request, "sandbox/not_found.html", status=404)
    if request.method != "POST":
        return page(request, account, id)
    try:
        act(account, id, DashboardForm(request.POST))
    except ApiError as refusal:
        return page(request, account, id, status=refusal.status, problem=str(refusal))
    courier.wake()
    return SeeOther(request.path)


def act(account: str, intent_id: str, form: DashboardForm) -> None:
    """Raises ApiError."""
    if not form.is_valid():
        raise ApiError(_("Press one of the buttons, with a number for an amount."))
    values = form.cleaned_data
    with store.writing() as db:
        if values["act"] == "refund":
            refund(db, account, intent_id, values)
        else:
            decide(db, account, values)


def refund(db: sqlite3.Connection, account: str, intent_id: str, values: dict[str, Any]) -> None:
    charge = charge_of(db, account, intent_id)
    if charge is None or not values["amount"]:
        raise ApiError(_("There is nothing to refund."))
    amount = to_minor_units(values["amount"], charge["currency"].upper())
    refunds.check(db, account, charge, amount)
    refunds.create(db, account, charge, amount, {})


def decide(db: sqlite3.Connection, account: str, values: dict[str, Any]) -> None:
    dispute = store.get(db, account, "dispute", values["dispute"])
    if dispute["status"] not in disputes.OPEN:
        raise ApiError(_("This dispute is closed."))
    if values["act"] == "answer":
        disputes.submit_evidence(db, account, dispute)
    else:
        disputes.close(db, account, dispute, won=values["act"] == "win")


def charge_of(db: sqlite3.Connection, account: str, intent_id: str) -> JSON | None:
    intent = store.get(db, account, "payment_intent", intent_id)
    return store.find(db, account, intent["latest_charge"] or "")


def page(request: HttpRequest, account: str, id: str, *, status: int = 200, problem: str = "") -> HttpResponse:
    with store.reading() as db:
        intent = store.get(db, account, "payment_intent", id)
        charge = charge_of(db, account, id)
        refunded, contested = (
            [document for document in store.newest_first(db, account, type) if document["payment_intent"] == id]
            for type in ("refund", "dispute")
        )
    currency = intent["currency"].upper()
    rest = charge["amount"] - charge["amount_refunded"] if charge and charge["paid"] else 0
    context = {
        "intent": intent,
        "amount": format_amount(intent["amount"], currency, get_language() or "en"),
        "currency": currency,
        "rest": from_minor_units(rest, currency) if rest else None,
        "step": "0.01" if price_decimals(currency) else "1",
        "refunds": [shown(document) for document in refunded],
        "disputes": [shown(document) | {"is_open": document["status"] in disputes.OPEN} for document in contested],
        "problem": problem,
    }
    return render(request, "sandbox/dashboard.html", context, status=status)


def shown(document: JSON) -> JSON:
    amount = format_amount(document["amount"], document["currency"].upper(), get_language() or "en")
    return {"id": document["id"], "status": document["status"], "reason": document["reason"], "amount": amount}
