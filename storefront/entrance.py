"""What is refused before Django sees it: it would fail at it outside of its own error handling, or keep it on disk."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RFC_2231 = re.compile(r"\*\s*=")
HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]


def guarded(application: "WSGIApplication") -> "WSGIApplication":
    def guard(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        refusal = refusal_of(environ)
        if refusal is None:
            leave_out_unreadable_accept(environ)
            return application(environ, start_response)
        status, message = refusal
        start_response(status, HEADERS)
        return [f"{message}\n".encode()]

    return guard


def refusal_of(environ: "WSGIEnvironment") -> tuple[str, str] | None:
    """A status and why, or None for what can be read."""
    if not is_readable(environ.get("CONTENT_TYPE", "")):
        return "400 Bad Request", "The Content-Type of this request cannot be read: send text as utf-8."
    if has_nul(environ):
        return "400 Bad Request", "There is a NUL character in the address or in a cookie: leave it out."
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal() and len(length) < 20):
        return "400 Bad Request", "The Content-Length of this request is not a number."
    if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        # Django's own limit leaves out files, which it would keep on disk however long they are.
        kilobytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return "413 Content Too Large", f"This is more than the shop reads: send at most {kilobytes} kB."
    return None


def is_readable(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
    except (LookupError, ValueError):
        return False
    return parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")


def leave_out_unreadable_accept(environ: "WSGIEnvironment") -> None:
    """Where something is accepted in an encoding that there is not, which RFC 2231 lets anybody name, Django raises."""
    if RFC_2231.search(environ.get("HTTP_ACCEPT", "")):
        del environ["HTTP_ACCEPT"]


def has_nul(environ: "WSGIEnvironment") -> bool:
    r"""PostgreSQL takes no text with one: neither a session's key, where it is written as \000, nor a filter of the
    admin.
    """
    return (
        "\0" in environ.get("PATH_INFO", "")
        or "%00" in environ.get("QUERY_STRING", "")
        or r"\000" in environ.get("HTTP_COOKIE", "")
    )
