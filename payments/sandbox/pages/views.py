"""The hosted payment page: another site in the eyes of the payer, without a line of JavaScript."""

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from payments.sandbox.pages.forms import AnswerForm, EmailForm, PayerForm
from payments.sandbox.pages.languages import in_words, language_of
from payments.sandbox.pages.summary import success_url, summary_of
from payments.sandbox.paying import payers
from payments.sandbox.paying.attempts import Outcome
from payments.sandbox.paying.cards import HINTS
from payments.sandbox.store import JSON
from payments.sandbox.webhooks.courier import courier

View: TypeAlias = Callable[[HttpRequest, str, JSON], HttpResponse]


class SeeOther(HttpResponseRedirect):
    status_code = 303


def hosted_page(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Finds the session. Never kept by a browser, and in the session's own language whatever the shop speaks."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @cache_control(no_store=True)
    @sensitive_post_parameters("number", "cvc")
    @wraps(view)
    def page(request: HttpRequest, id: str) -> HttpResponse:
        found = payers.find_session(id)
        with translation.override(language_of(found[1]["locale"] if found else None)):
            response = view(request, *found) if found else render(request, "sandbox/not_found.html", status=404)
        courier.wake()
        return response

    return page


@hosted_page
def checkout(request: HttpRequest, account: str, session: JSON) -> HttpResponse:
    if session["status"] != "open":
        return closed_page(request, account, session)
    kind = PayerForm if session["amount_total"] else EmailForm
    if request.method != "POST":
        return checkout_page(request, account, session, kind(initial={"email": email_of(account, session)}))
    form = kind(request.POST)
    if not form.is_valid():
        return checkout_page(request, account, session, form, status=422)
    return pay(request, account, session["id"], form)


def email_of(account: str, session: JSON) -> str | None:
    """As the payer gave it last, or the shop when it opened the session."""
    failure = payers.last_failure(account, session)
    email: str | None = session["customer_email"]
    return str(failure["payment_method"]["billing_details"]["email"]) if failure else email


def pay(request: HttpRequest, account: str, id: str, form: PayerForm | EmailForm) -> HttpResponse:
    email = form.cleaned_data["email"]
    if isinstance(form, PayerForm):
        outcome = payers.pay(account, id, form.card, email, form.rehearsal)
    else:
        outcome = payers.order(account, id, email, form.rehearsal)
    if outcome is Outcome.TO_CONFIRM:
        return SeeOther(reverse("sandbox:confirm", args=[id]))
    session = payers.session_of(account, id)
    if outcome is Outcome.DECLINED:
        return checkout_page(request, account, session, form, status=402)
    return closed_page(request, account, session)


@hosted_page
def confirm(request: HttpRequest, account: str, session: JSON) -> HttpResponse:
    if not payers.awaits_confirmation(account, session):
        return SeeOther(reverse("sandbox:checkout", args=[session["id"]]))
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return page(request, "confirm", account, session)
    outcome = payers.confirm(account, session["id"], succeeds=form.succeeds)
    if outcome in (Outcome.PAID, Outcome.PROCESSING):
        return SeeOther(success_url(session))
    return SeeOther(reverse("sandbox:checkout", args=[session["id"]]))


def checkout_page(
    request: HttpRequest, account: str, session: JSON, form: PayerForm | EmailForm, status: int = 200
) -> HttpResponse:
    error = payers.last_failure(account, session)
    failure = in_words(error) if error else None
    return page(request, "checkout", account, session, status, form=form, failure=failure, cards=HINTS)


def closed_page(request: HttpRequest, account: str, session: JSON) -> HttpResponse:
    """Whoever pays what is paid already, by a second click or in a second tab, goes on like the first."""
    if request.method == "POST" and session["status"] == "complete":
        return SeeOther(success_url(session))
    return page(request, "closed", account, session, failure=payers.last_failure(account, session))


def page(
    request: HttpRequest, name: str, account: str, session: JSON, status: int = 200, **context: object
) -> HttpResponse:
    context |= {"session": session, "summary": summary_of(account, session), "shop_name": settings.SHOP_NAME}
    return render(request, f"sandbox/{name}.html", context, status=status)
