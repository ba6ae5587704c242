"""The month itself: each step at its time, on the shop's clock and the stand-in's alike, and its webhooks worked on."""

import heapq
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from payments import webhooks
from payments.errors import StorefrontError
from payments.gateway import events
from payments.gateway.keys import currencies
from payments.models import Item
from payments.reconciliation import reconcile
from payments.sandbox import store
from payments.sandbox.demo import goods
from payments.sandbox.demo.stories import Story
from payments.sandbox.demo.visits import Dice, Ending
from payments.sandbox.webhooks import courier

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CLERK = "demo-clerk"
DAY = timedelta(days=1)
Step = tuple[datetime, int, Iterator[timedelta]]


def fill(*, orders: int, seed: int) -> "Counter[Ending]":
    """So many visits over the past month; how often each ending came about. Nobody is written to."""
    with quietly(), without_waiting_for_the_disk():
        goods.stock_up(currencies())
        now = timezone.localtime()
        dice = Dice(seed, items=items_by_currency(), languages=[code for code, _ in settings.LANGUAGES])
        visits = dice.visits(orders, now)
        clerk = the_clerk()
        steps = [(visit.begins, visit.number, Story(visit, clerk, seed).tell()) for visit in visits]
        live_through(steps, now)
    return Counter(visit.ending for visit in visits)


@contextmanager
def quietly() -> Iterator[None]:
    """No mail goes out, no other thread carries the webhooks, and the log tells nobody of what is made up."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend", STRIPE_SANDBOX_COURIER=False
        ):
            yield
    finally:
        logging.disable(disabled)


@contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """Thousands of small writes, which a power cut may take: the demo is told again then."""
    # While one connection to the stand-in's file is open, closing another does not write it all to the disk.
    with closing(store.connect()):
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            yield
            return
        with connection.cursor() as cursor:
            (before,) = cursor.execute("PRAGMA synchronous").fetchone()
            cursor.execute("PRAGMA synchronous = OFF")
            yield
            cursor.execute(f"PRAGMA synchronous = {before}")


def items_by_currency() -> dict[str, list[Item]]:
    found = {currency: list(Item.objects.for_sale([currency]).filter(stock=None)[:30]) for currency in currencies()}
    return {currency: items for currency, items in found.items() if items}


def the_clerk() -> "User":
    """Nobody can sign in as this one."""
    clerk, is_new = get_user_model().objects.get_or_create(username=CLERK, defaults={"is_staff": True})
    if is_new:
        clerk.set_unusable_password()
        clerk.save()
    return clerk


def live_through(steps: list[Step], now: datetime) -> None:
    """One step after the other, of all visits; the shop's clock runs once a night, and at the end."""
    heapq.heapify(steps)
    night = steps[0][0].replace(hour=3, minute=0) + DAY if steps else now
    while steps:
        moment, number, story = heapq.heappop(steps)
        while night < moment:
            at(night, tidy_up)
            night += DAY
        pause = at(moment, lambda story=story: next(story, None))
        if pause is not None:
            # What would come later than now has happened by half of the time that was left.
            following = min(moment + pause, moment + (now - moment) / 2)
            heapq.heappush(steps, (following, number, story))
    at(now, tidy_up)


def at(moment: datetime, act: Any) -> Any:
    with time_machine.travel(moment):
        done = act()
        carry_webhooks()
    return done


def tidy_up() -> None:
    carry_webhooks()
    for _line in reconcile():
        pass


def carry_webhooks() -> None:
    courier.deliver_due(take)


def take(url: str, body: bytes, headers: dict[str, str]) -> int:
    """As the shop's own address for webhooks does."""
    try:
        webhooks.receive(events.verify(body, headers["Stripe-Signature"]))
    except events.InvalidEvent:
        return 400
    except StorefrontError:
        return 503
    return 200
