"""What all lines of the log have in common that were written for one request: its id, the order, the account."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

noted_so_far: ContextVar[dict[str, object]] = ContextVar("noted_so_far")


@contextmanager
def begun(**facts: object) -> Iterator[None]:
    """What is noted from here on is forgotten at the end."""
    token = noted_so_far.set(facts)
    try:
        yield
    finally:
        noted_so_far.reset(token)


def note(**facts: object) -> None:
    """Every line from here on carries these facts. An order is named by its number: its uuid is the key to it."""
    noted_so_far.set({**noted(), **facts})


def noted() -> dict[str, object]:
    return noted_so_far.get({})
