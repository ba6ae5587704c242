"""What the request's headers say about who is asking: a program or a person, and in which language."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from payments.languages import has_locale, is_variant, language_of_texts, numbers_written_in

View = TypeVar("View", bound=Callable[..., HttpResponse])
Middleware = Callable[[HttpRequest], HttpResponseBase]
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def prefers_json(request: HttpRequest) -> bool:
    """Whether the Accept header puts JSON before HTML; a browser's or curl's own header does not."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def for_programs(view: View) -> View:
    """An address that speaks JSON only."""
    view.is_for_programs = True  # type: ignore[attr-defined]
    return view


def is_from_program(request: HttpRequest) -> bool:
    """Whether what goes wrong is to be said in JSON: that is asked for, or sent, or all that the address speaks."""
    view = request.resolver_match.func if request.resolver_match else None
    sends_json = request.content_type == "application/json"
    return sends_json or prefers_json(request) or getattr(view, "is_for_programs", False)


def is_form_post(request: HttpRequest) -> bool:
    """Whether this is a form of a page, sent without a script."""
    return request.method == "POST" and request.content_type in FORM_TYPES and not prefers_json(request)


def numbers_as_at_home(get_response: Middleware) -> Middleware:
    """A middleware behind that of Django's which picks the page's language: by the cookie, then by Accept-Language."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with numbers_written_in(variant_of(request)):
            response = get_response(request)
        patch_vary_headers(response, ["Cookie"])
        return response

    return middleware


def variant_of(request: HttpRequest) -> str:
    """The first of Accept-Language that is the page's language, or a variant of it that has its own numbers."""
    language = language_of_texts()
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
    return next((own for own, _ in accepted if is_variant(own, language) and has_locale(own)), "")
