"""For how long one request may wait for Stripe in all: a person waits for the page, not for each of its calls."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests

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


class PatientSession(requests.Session):
    """Gives up earlier than it would where somebody has waited for other answers before."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        left = seconds_left()
        if left <= 0:
            raise requests.Timeout
        timeout = tuple(min(seconds, left) for seconds in kwargs.pop("timeout"))
        return super().send(request, timeout=timeout, **kwargs)
