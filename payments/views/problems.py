"""Our errors as HTTP: a status, and a message for a program or for a person."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payments.errors import (
    AmountOutOfLimits,
    CartFull,
    DiscountRefused,
    ForeignRequest,
    InvalidEmail,
    InvalidQuantity,
    NotOnSale,
    OrderClosed,
    PriceChanged,
    StorefrontError,
    StripeRefused,
    StripeUnreachable,
    TooMany,
    TooManyTaxes,
)
from payments.views.headings import heading_of
from payments.views.negotiation import is_from_program

STATUS = {
    ForeignRequest: 403,
    CartFull: 409,
    NotOnSale: 409,
    OrderClosed: 409,
    PriceChanged: 409,
    DiscountRefused: 409,
    TooManyTaxes: 409,
    InvalidEmail: 422,
    InvalidQuantity: 422,
    AmountOutOfLimits: 422,
    TooMany: 429,
    StripeRefused: 502,
    StripeUnreachable: 503,
}


def status_of(error: StorefrontError) -> int:
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def problem_json(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)


def problem_page(request: HttpRequest, status: int, code: str, message: str, *, back: str) -> HttpResponse:
    """The same in words, with a way on: `back` is the address of the page to try again from."""
    nothing_charged = code != OrderClosed.code and request.path != reverse("admin:login")
    context = {"heading": heading_of(code), "message": message, "back": back, "nothing_charged": nothing_charged}
    # The address was perhaps one to send a form to: whoever chooses another language sees the page before it.
    return render(request, "problem.html", context | {"page_address": back}, status=status)


def explain_refused_methods(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware: Django's own answer to a method that an address does not take is empty, and to who sends half a
    body it is that the shop has made a mistake.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            explain(request, response)
        return response

    middleware.process_exception = refuse_half_a_body  # type: ignore[attr-defined]
    return middleware


def refuse_half_a_body(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    return bad_request(request, exception) if isinstance(exception, UnreadablePostError) else None


def explain(request: HttpRequest, refused: HttpResponseNotAllowed) -> None:
    """The headers stay as they are: one of them says what is allowed."""
    if is_from_program(request):
        message = _("This address takes %(methods)s only.") % {"methods": refused["Allow"]}
        words: HttpResponse = problem_json(405, "method_not_allowed", message)
    else:
        message = _("This address cannot be opened like this: please use the shop’s own links and buttons.")
        words = problem_page(request, 405, "method_not_allowed", message, back=reverse("catalog"))
    refused["Content-Type"] = words["Content-Type"]
    refused.content = words.content


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_from_program(request):
        return plain_page(400)
    if isinstance(exception, RequestDataTooBig):
        return problem_json(400, "bad_request", body_too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    return problem_json(400, "bad_request", _("The request could not be read: please check it."))


def body_too_large(limit: int) -> str:
    words = ngettext(
        "The body is too large: send at most %(limit)s byte.",
        "The body is too large: send at most %(limit)s bytes.",
        limit,
    )
    return words % {"limit": limit}


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_from_program(request):
        return problem_json(403, "forbidden", _("This is for staff that may see orders: sign in first."))
    return plain_page(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_from_program(request):
        return problem_json(404, "not_found", _("There is nothing at this address: please check it."))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return plain_page(500)


def plain_page(status: int) -> HttpResponse:
    """Without anything that could fail once more."""
    context = {"payments_are_not_real": settings.STRIPE_SANDBOX, "shop_name": settings.SHOP_NAME}
    return HttpResponse(render_to_string(f"{status}.html", context), status=status)
