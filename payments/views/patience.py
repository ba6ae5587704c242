"""A middleware: whoever asks for a page waits for Stripe only so long, however often it must be asked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from payments.gateway import patience

View = Callable[[HttpRequest], HttpResponseBase]


def limited_patience(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        with patience.limited():
            return get_response(request)

    return middleware
