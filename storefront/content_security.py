"""What a page may load, and where its forms may lead: the shop's own files, and Stripe's. Nothing inline, no `eval`."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "Content-Security-Policy"
# https://docs.stripe.com/security/guide#content-security-policy
STRIPE_JS = "https://js.stripe.com https://*.js.stripe.com"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def policy(*, checkout_origin: str) -> str:
    """The same for all pages, so it is written once: no page has a script or a style within, and none needs a nonce."""
    directives = {
        "default-src": "'self'",
        "script-src": f"'self' {STRIPE_JS}",
        # An item's picture may be anywhere on the web.
        "img-src": "'self' https:",
        "connect-src": f"'self' https://api.stripe.com {checkout_origin}",
        "frame-src": f"'self' {STRIPE_JS} https://hooks.stripe.com {checkout_origin}",
        # A button without a script is a form, and the answer to it leads to Stripe's page.
        "form-action": f"'self' {checkout_origin}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def content_security(get_response: GetResponse) -> GetResponse:
    """A middleware. A page that is more strict with itself stays so."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        # Django's own pages for developers have everything within.
        if not (settings.DEBUG and response.status_code in (404, 500)):
            response.headers.setdefault(HEADER, settings.CONTENT_SECURITY_POLICY)
        return response

    return middleware
