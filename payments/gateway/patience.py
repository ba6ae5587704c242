"""For how long one request may wait for Stripe in all: a person waits for the page, not for each of its calls."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SECONDS = 15

# Commands wait as long as it takes: nobody stands before them.
deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def limited() -> Iterator[None]:
    token = deadline.set(time.monotonic() + SECONDS)
    try:
        yield
    finally:
        deadline.reset(token)


def seconds_left() -> float:
    return deadline.get() - time.monotonic()
