"""What the request's headers say about who is asking: a program or a person, and in which language."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation.trans_real import parse_accept_lang_header

from payments.money import has_locale

View = TypeVar("View", bound=Callable[..., HttpResponse])
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def prefers_json(request: HttpRequest) -> bool:
    """Whether the Accept header puts JSON before HTML; a browser's or curl's own header does not."""
    try:
        return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    except (LookupError, ValueError):
        # A header that names an encoding nobody knows.
        return False


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


def price_language(request: HttpRequest) -> str:
    """The first language of Accept-Language whose way to write numbers is known; the texts may speak another."""
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
    return next((language for language, _ in accepted if has_locale(language)), "en")
