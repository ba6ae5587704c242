"""One line of the log for each request, under an id that everything carries which is told meanwhile."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import escape_uri_path

from payments import trace
from storefront import metrics
from storefront.redaction import redacted

logger = logging.getLogger(__name__)

WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")
MAXIMUM_PATH = 200
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def request_log(get_response: GetResponse) -> GetResponse:
    """A middleware before all that answer people. Files that are served as they are have no line: a page has many.

    `/metrics` is answered here already: it is scraped by address, and over plain HTTP.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/metrics" and settings.METRICS_TOKEN:
            return metrics.page(request)
        if request.path.startswith(settings.STATIC_URL):
            return get_response(request)
        request_id = request_id_of(request)
        # Error reports show what is in META.
        request.META["REQUEST_ID"] = request_id
        with trace.begun(request_id=request_id):
            started = time.perf_counter()
            response = get_response(request)
            tell(request, response, time.perf_counter() - started)
        response["X-Request-ID"] = request_id
        return response

    return middleware


def request_id_of(request: HttpRequest) -> str:
    """The proxy's, so that its log and ours can be laid side by side; nobody else may choose one."""
    given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
    return given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)


def tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Without the query, which may have a client secret; what comes of an order is told by its number."""
    milliseconds = round(seconds * 1000)
    status = response.status_code
    path = path_of(request)
    facts = {
        "event": "request",
        "method": request.method,
        "path": path,
        "route": route_of(request),
        "status": status,
        "milliseconds": milliseconds,
    }
    level = logging.WARNING if status >= 500 else logging.INFO
    logger.log(level, "%s %s %d in %d ms", request.method, path, status, milliseconds, extra=facts)


def path_of(request: HttpRequest) -> str:
    """Escaped, so that no line can be made up by it."""
    return redacted(escape_uri_path(request.path[:MAXIMUM_PATH]))


def route_of(request: HttpRequest) -> str:
    """The pattern of the address; empty if there is no such page."""
    return request.resolver_match.route if request.resolver_match else ""
