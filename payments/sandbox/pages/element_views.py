"""The pages in the frames of the Payment Element, and what its scripts ask for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payments.money import format_amount
from payments.sandbox import accounts
from payments.sandbox.errors import ApiError
from payments.sandbox.pages import elements
from payments.sandbox.pages.forms import AnswerForm, CardForm
from payments.sandbox.pages.languages import in_words, language_of
from payments.sandbox.paying.cards import HINTS
from payments.sandbox.store import JSON
from payments.sandbox.webhooks.addresses import check_email
from payments.sandbox.webhooks.courier import courier

View: TypeAlias = Callable[..., HttpResponse]

# As strict as a shop's own policy may be: nothing from elsewhere, nothing inline, no frame but the shop's.
POLICY = "default-src 'self'; form-action 'self'; frame-ancestors 'self'"


def framed(view: View) -> View:
    """A page that the shop's own pages may frame, and no other site's. In the language of the script that frames it."""

    @cache_control(no_store=True)
    @xframe_options_sameorigin
    @wraps(view)
    def page(request: HttpRequest, **kwargs: str) -> HttpResponse:
        with translation.override(language_of(request.GET.get("locale"))):
            response = view(request, **kwargs)
        response["Content-Security-Policy"] = POLICY
        courier.wake()
        return response

    return page


def asked_by_script(view: Callable[..., JSON]) -> View:
    """Answers with JSON; a refusal too is in Stripe's shape."""

    @cache_control(no_store=True)
    @sensitive_post_parameters("number", "cvc")
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            sent = request.POST if request.method == "POST" else request.GET
            with translation.override(language_of(sent.get("locale"))):
                document = view(request, **kwargs)
            status = 402 if "error" in document else 200
        except ApiError as refusal:
            document, status = refusal.body, refusal.status
        courier.wake()
        return JsonResponse(document, status=status)

    return answer


@require_safe
@framed
def payment(request: HttpRequest) -> HttpResponse:
    return render(request, "sandbox/element.html", {"form": CardForm(), "cards": HINTS})


@require_safe
@asked_by_script
def retrieve(request: HttpRequest, id: str) -> JSON:
    intent = elements.intent_of(account_of(request.GET), id, request.GET.get("client_secret", ""))
    return as_read({"paymentIntent": elements.seen(intent)})


@require_POST
@asked_by_script
def confirm(request: HttpRequest, id: str) -> JSON:
    account, secret = account_of(request.POST), request.POST.get("client_secret", "")
    form = CardForm(request.POST)
    if not form.is_valid():
        raise incomplete(form)
    shop_url = request.headers.get("Origin") or request.build_absolute_uri("/")
    email = request.POST.get("email", "")
    check_email("payment_method_data[billing_details][email]", email or "payer@example.com")
    return as_read(elements.confirm(account, id, secret, form.card, email, shop_url, form.rehearsal))


def as_read(answer: JSON) -> JSON:
    """With the bank's refusal as the payer reads it."""
    if "error" in answer:
        return {"error": in_words(answer["error"])}
    error = answer["paymentIntent"]["last_payment_error"]
    return {"paymentIntent": answer["paymentIntent"] | {"last_payment_error": in_words(error) if error else None}}


def account_of(sent: Any) -> str:
    return accounts.of_publishable_key(sent.get("key", ""))


def incomplete(form: CardForm) -> ApiError:
    """As Stripe.js says it of the first field, with `fields` for the frame to show them all."""
    field, errors = next(iter(form.errors.as_data().items()))
    code = f"{'incomplete' if errors[0].code == 'required' else 'invalid'}_{field}"
    messages = {name: str(found[0]) for name, found in form.errors.items()}
    refusal = ApiError(messages[field], code=code, type="validation_error", status=422)
    refusal.error["fields"] = messages
    return refusal


@require_http_methods(["GET", "HEAD", "POST"])
@framed
def authenticate(request: HttpRequest, id: str) -> HttpResponse:
    """In the place of the bank's own page: asks, and tells the script that it was answered."""
    try:
        account, secret = account_of(request.GET), request.GET.get("client_secret", "")
        intent = elements.intent_of(account, id, secret)
    except ApiError as refusal:
        return render(request, "sandbox/authenticated.html", {"message": str(refusal)}, status=refusal.status)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if intent["status"] == "requires_action" and not form.is_valid():
        amount = format_amount(intent["amount"], intent["currency"].upper(), translation.get_language() or "en")
        return render(request, "sandbox/authenticate.html", {"amount": amount, "shop_name": settings.SHOP_NAME})
    if intent["status"] == "requires_action":
        elements.authenticate(account, id, secret, succeeds=form.succeeds)
    return render(request, "sandbox/authenticated.html", {"message": _("Thank you. One moment …")})
