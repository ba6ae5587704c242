"""A cart is a visitor's own: no other site may fill or empty it from its pages."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from payments.errors import ForeignRequest

NOTHING_CHANGED = _("Another site has sent this, and nothing was changed: please use the shop’s own pages.")


def require_same_origin(request: HttpRequest) -> None:
    """Raise ForeignRequest if the browser says that the request comes from elsewhere; a program says nothing.

    Browsers leave the cart's cookie (SameSite=Lax) out of such a request anyway; this keeps them from writing one.
    """
    if site_of(request) not in ("same-origin", "none"):
        raise ForeignRequest(NOTHING_CHANGED)


def require_asked_for(request: HttpRequest) -> None:
    """Raise ForeignRequest if the browser says that another site sends this behind its reader's back.

    It would use up what the reader's address may do here. To follow a link from elsewhere is no such thing.
    """
    is_link = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"
    if site_of(request) in ("cross-site", "same-site") and not is_link:
        raise ForeignRequest(NOTHING_CHANGED)


def site_of(request: HttpRequest) -> str:
    """Where it comes from, in the words of `Sec-Fetch-Site`; older browsers say an `Origin` alone, programs neither.

    Browsers say null of a form on a page that keeps its address to itself, as an order's does.
    """
    origin = request.headers.get("Origin", "null")
    is_ours = origin == "null" or origin.partition("://")[2] == request.get_host()
    return request.headers.get("Sec-Fetch-Site", "none" if is_ours else "cross-site")


def page_before(request: HttpRequest) -> str:
    """The page of ours that the form was on; else the cart."""
    referrer = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure())
    return referrer if is_ours else reverse("cart")
