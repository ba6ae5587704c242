"""Holds the shop of one database. Each line that it reads is a number of seconds, who asks, and an address: it asks
for that long, and answers with the seconds of CPU of the middle request, what PostgreSQL spent on it included.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.inside.asking import application, ask

# Whoever has been here before: a first visit sets a cookie as well.
VISITOR = f"visitor={'a' * 43}"


def main() -> None:
    shop = application()
    cookies = {"staff": staff_cookie(), "visitor": VISITOR}
    for line in sys.stdin:
        seconds, who, path = line.split()
        sys.stdout.write(f"{spent_on(shop, path, cookies[who], float(seconds))}\n")
        sys.stdout.flush()


def spent_on(shop: Callable[..., Any], path: str, cookie: str, seconds: float) -> float:
    """The first is not counted: it may be the first of its kind."""
    status, _content = ask(shop, path, cookie=cookie)
    assert status == "200 OK", (status, path)
    each: list[float] = []
    while sum(each) < seconds:
        started = spent()
        ask(shop, path, cookie=cookie)
        each.append(spent() - started)
    return median(each)


def spent() -> float:
    """Seconds of CPU, of this process and of the one in which PostgreSQL answers it."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor != "postgresql":
        return time.process_time()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    return time.process_time() + int(backend.split()[0]) / 1e9


def staff_cookie() -> str:
    """Of the administrator, who has signed in."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    client = Client()
    client.force_login(get_user_model().objects.get(is_superuser=True))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


if __name__ == "__main__":
    main()
