"""Asks the shop's WSGI application as its server does, without a server."""

import io
import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test.utils import CaptureQueriesContext

# Warm is what was asked so often.
WARM = 200
TWO_BYTES = "/two-bytes"


def application() -> Callable[..., Any]:
    """With the addresses of `urls`. Lines of the log are written, to nowhere: a terminal is slower than a file."""
    from storefront.wsgi import application  # noqa: PLC0415  (the environment names the settings by now)

    settings.ROOT_URLCONF = "benchmarks.inside.urls"
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(io.StringIO())
    return application


def ask(application: Callable[..., Any], path: str, *, cookie: str = "", **headers: str) -> tuple[str, bytes]:
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.9",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
        **({"HTTP_COOKIE": cookie} if cookie else {}),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        **headers,
    }
    answered: list[str] = []
    body = application(environ, lambda status, headers, exc_info=None: answered.append(status))
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    return answered[0], content


def cpu_of(act: Callable[[], object], count: int) -> float:
    """Seconds of this process's CPU that one takes."""
    started = time.process_time()
    for _ in range(count):
        act()
    return (time.process_time() - started) / count


def queries_of(act: Callable[[], object]) -> int:
    from django.db import connection  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
