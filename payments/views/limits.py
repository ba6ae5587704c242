"""Who asks too often is told to wait: 429, in words, and with the time it takes."""

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from payments import brake
from payments.brake import Visitor
from payments.errors import ForeignRequest, StorefrontError, TooMany
from payments.views.negotiation import is_form_post
from payments.views.problems import problem_json, problem_page, status_of
from payments.views.same_origin import page_before, require_asked_for
from payments.views.visitors import is_new, visitor_of

View = Callable[..., HttpResponse]
# A household or a server has as many IPv6 addresses as it likes, below one of this length.
IPV6_PREFIX = 64


def limited(act: str) -> Callable[[View], View]:
    """For a view by which somebody tries something: a page to pay on, or a code."""

    def limited_view(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                require_asked_for(request)
                if request.method != "HEAD":
                    brake.require_few_declines(who(request))
                    brake.count(act, who(request))
            except ForeignRequest as error:
                return refused(request, error)
            except TooMany as error:
                return slow_down(request, error)
            return view(request, *args, **kwargs)

        return guarded

    return limited_view


def who(request: HttpRequest) -> Visitor:
    return Visitor(name="" if is_new(request) else visitor_of(request), address=address_of(request))


def address_of(request: HttpRequest) -> str:
    """Where the request came from. What stands further left in the proxy's header, the visitor may have made up."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        address = forwarded[-settings.PROXY_COUNT :][0].strip() or address
    return network_of(address)


def network_of(address: str) -> str:
    try:
        parsed = ip_address(without_port(address))
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, IPV6_PREFIX), strict=False))


def without_port(address: str) -> str:
    """Some proxies write the port behind it, and then an IPv6 address stands in brackets."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def slow_down(request: HttpRequest, error: TooMany) -> HttpResponse:
    response = refused(request, error)
    response["Retry-After"] = str(error.seconds)
    return response


def refused(request: HttpRequest, error: StorefrontError) -> HttpResponse:
    if is_form_post(request):
        return problem_page(request, status_of(error), error.code, str(error), back=page_before(request))
    return problem_json(status_of(error), error.code, str(error))
