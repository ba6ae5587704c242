"""For whoever watches the process: is it alive, and can it work."""

from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

MAXIMUM_NAMED = 3


def health(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware before all others: probes come over plain HTTP, and to an address instead of the shop's name."""
    probes = {"/healthz": alive, "/readyz": ready}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = probes.get(request.path.rstrip("/"))
        if probe is None:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = probe()
        response["Cache-Control"] = "no-store"
        return response

    return middleware


def alive() -> HttpResponse:
    return plain("ok\n", 200)


def ready() -> HttpResponse:
    """503 says in words what is missing, and nothing that the database itself said."""
    try:
        waiting = migrations_known() - set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError:
        return plain("The database does not answer.\n", 503)
    if waiting:
        names = ", ".join(f"{app}.{name}" for app, name in sorted(waiting)[:MAXIMUM_NAMED])
        return plain(f"{len(waiting)} migrations are not applied, such as {names}: run `manage.py migrate`.\n", 503)
    return plain("ok\n", 200)


@cache
def migrations_known() -> frozenset[tuple[str, str]]:
    """Those that the program came with: read once, since reading them takes longer than asking the database."""
    return frozenset(MigrationLoader(None).graph.nodes)


def plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain", status=status)
