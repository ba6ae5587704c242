"""How many may wait for Stripe at once: one that hangs must leave threads for the pages that need no Stripe."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings

# A Stripe that is well has answered somebody before.
SECONDS_IN_QUEUE = 2


class NoPlaceFree(Exception):
    """So many wait for Stripe already that one more would not get an answer sooner."""


class Places:
    """So many may wait. A fifth of the places is kept from new sales: for webhooks and for who comes back paid.

    A few more new sales may queue for a moment, as many as `queue` says: whoever queues takes a thread as well.
    """

    def __init__(self, count: int, queue: int) -> None:
        kept = max(1, count // 5)
        new_sales = max(1, count - kept)
        self._all = BoundedSemaphore(count)
        self._new_sales = BoundedSemaphore(new_sales)
        self._admitted = BoundedSemaphore(new_sales + queue)

    @contextmanager
    def one(self, *, for_new_sale: bool) -> Iterator[None]:
        """Raises NoPlaceFree."""
        with ExitStack() as taken:
            if for_new_sale:
                take(taken, self._admitted)
                take(taken, self._new_sales, seconds=SECONDS_IN_QUEUE)
            take(taken, self._all)
            yield


def take(taken: ExitStack, semaphore: BoundedSemaphore, *, seconds: float = 0) -> None:
    if not semaphore.acquire(blocking=seconds > 0, timeout=seconds or None):
        raise NoPlaceFree
    taken.callback(semaphore.release)


@cache
def places_of(count: int, queue: int) -> Places:
    return Places(count, queue)


def a_place(*, for_new_sale: bool = False) -> AbstractContextManager[None]:
    """One of this process's places. Raises NoPlaceFree."""
    return places_of(settings.STRIPE_PLACES, settings.STRIPE_QUEUE).one(for_new_sale=for_new_sale)
