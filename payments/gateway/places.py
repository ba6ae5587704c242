"""How many may wait for Stripe at once: one that hangs must leave threads for the pages that need no Stripe."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings


class NoPlaceFree(Exception):
    """So many wait for Stripe already that one more would not get an answer sooner."""


class Places:
    """So many may wait. A quarter of the places is kept from new sales: for webhooks and for who comes back paid."""

    def __init__(self, count: int) -> None:
        self._all = BoundedSemaphore(count)
        self._new_sales = BoundedSemaphore(max(1, count - count // 4))

    @contextmanager
    def one(self, *, for_new_sale: bool) -> Iterator[None]:
        """Raises NoPlaceFree, at once: whoever queued here would take a thread as well."""
        with ExitStack() as taken:
            for semaphore in (self._new_sales, self._all) if for_new_sale else (self._all,):
                if not semaphore.acquire(blocking=False):
                    raise NoPlaceFree
                taken.callback(semaphore.release)
            yield


@cache
def places_of(count: int) -> Places:
    return Places(count)


def a_place(*, for_new_sale: bool = False) -> AbstractContextManager[None]:
    """One of this process's places. Raises NoPlaceFree."""
    return places_of(settings.STRIPE_PLACES).one(for_new_sale=for_new_sale)
