"""Answers 400 to a Content-Type that Django cannot read: it would fail before any of its own error handling."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TEXT = [("Content-Type", "text/plain; charset=utf-8")]
MESSAGE = b"The Content-Type of this request cannot be read: send text as utf-8.\n"


def refuse_unreadable(application: "WSGIApplication") -> "WSGIApplication":
    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_readable(environ.get("CONTENT_TYPE", "")):
            return application(environ, start_response)
        start_response("400 Bad Request", TEXT)
        return [MESSAGE]

    return guarded


def is_readable(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
    except (LookupError, ValueError):
        return False
    return parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")
