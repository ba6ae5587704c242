"""A page that waits for news: without scripts it looks again by itself for a while, and then when its reader wants."""

import re
import time

from django.http import HttpRequest

SECONDS = 300
SINCE = "since"


def next_look(request: HttpRequest) -> str:
    """The address to look at next, the same each time; empty once that has gone on for long enough."""
    now = int(time.time())
    since = begun_at(request, now)
    return address(request, since) if now - since < SECONDS else ""


def begun_at(request: HttpRequest, now: int) -> int:
    said = request.GET.get(SINCE, "")
    return min(int(said), now) if re.fullmatch("[0-9]{1,10}", said, re.ASCII) else now


def address(request: HttpRequest, since: int | None = None) -> str:
    """Of this page, without the time since when it looks unless one is given."""
    query = request.GET.copy()
    query.pop(SINCE, None)
    if since is not None:
        query[SINCE] = str(since)
    return f"{request.path}?{query.urlencode()}" if query else request.path
