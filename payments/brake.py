"""The brake against card testing and guessing: who tries too often has to wait."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from payments.errors import TooMany
from payments.models import Order, OrderVisitor, Payment, Tally
from payments.models.brakes import key_of

logger = logging.getLogger(__name__)

MINUTE, HOUR, WEEK = 60, 3600, 604_800
# How long each act is counted together. How often it is allowed in that time, the settings say.
SECONDS = {
    "buys": 10 * MINUTE,
    "intents": 10 * MINUTE,
    "codes": 10 * MINUTE,
    "logins": 15 * MINUTE,
    "declines": HOUR,
}
RETURNS_A_MINUTE = 5
# An order's page can be open for a day, and the bank's answer takes its time.
VISITORS_ARE_KNOWN_FOR = timedelta(days=2)


@dataclass(frozen=True)
class Visitor:
    """Who asks, as far as that can be told: by the cookie, which can be thrown away, and by the address."""

    name: str
    address: str

    def keys(self, act: str) -> Iterator[tuple[str, str, int]]:
        """Of what is counted: its kind, its key, and how much is allowed. The address first: it cannot be made up."""
        for kind, value, most in zip(("address", "visitor"), (self.address, self.name), limits(act), strict=True):
            if value and most:
                yield kind, key_of(act, kind, value), most


def limits(act: str) -> tuple[int, int]:
    """For an address, behind which there may be many, and for a visitor. 0 is no limit."""
    visitor, address = settings.LIMITS[act]
    return address, visitor


def count(act: str, visitor: Visitor) -> None:
    """Raises TooMany once it was too often."""
    for kind, key, most in visitor.keys(act):
        times, seconds = Tally.objects.one_more(key, seconds=SECONDS[act])
        refuse_above(most, times, seconds, act, kind)


def require_few_declines(visitor: Visitor) -> None:
    """Raises TooMany if too many cards were declined of late."""
    for kind, key, most in visitor.keys("declines"):
        times, seconds = Tally.objects.present(key)
        refuse_above(most - 1, times, seconds, "declines", kind)


def refuse_above(most: int, times: int, seconds: int, act: str, kind: str) -> None:
    if times > most:
        logger.warning("Too many %s of one %s", act, kind, extra={"event": "braked", "act": act, "kind": kind})
        raise TooMany(seconds)


def forget(act: str, visitor: Visitor) -> None:
    """It was no mistake: only the visitor's own count, since others may be behind the address."""
    for kind, key, _ in visitor.keys(act):
        if kind == "visitor":
            Tally.objects.forget(key)


def remember(order: Order, visitor: Visitor) -> None:
    """What is declined on this order from now on counts against this visitor."""
    keys = keys_of(visitor)
    if keys:
        OrderVisitor.objects.bulk_create(
            [OrderVisitor(order=order, **keys)],
            update_conflicts=True,
            unique_fields=["order"],
            update_fields=["visitor_key", "address_key", "noted"],
        )


def keys_of(visitor: Visitor) -> dict[str, str]:
    """As an OrderVisitor has them; empty where declines are not limited."""
    return {f"{kind}_key": key for kind, key, _ in visitor.keys("declines")}


@transaction.atomic
def note_decline(order: Order, decline: str) -> None:
    """Count a decline, by Stripe's id of it: once, however often we are told."""
    counted = counted_of(order)
    if counted and Tally.objects.one_more(key_of("decline", decline), seconds=WEEK)[0] == 1:
        for key, _ in counted:
            Tally.objects.one_more(key, seconds=SECONDS["declines"])


def has_too_many_declines(order: Order) -> bool:
    return any(Tally.objects.present(key)[0] >= most for key, most in counted_of(order))


def counted_of(order: Order) -> list[tuple[str, int]]:
    """The counts that a decline of this order is one more of, each with what is allowed."""
    visitor = OrderVisitor.objects.filter(order=order).first()
    keys = (visitor.address_key, visitor.visitor_key) if visitor else ("", "")
    return [(key, most) for key, most in zip(keys, limits("declines"), strict=True) if key and most]


def may_ask_at_once(payment: Payment) -> bool:
    """Whoever comes back from paying must not wait for the answer; whoever comes back all the time waits as others."""
    return Tally.objects.one_more(key_of("return", str(payment.pk)), seconds=MINUTE)[0] <= RETURNS_A_MINUTE


def forget_what_is_over() -> int:
    """Delete what counts no more, and return how much that was."""
    long_ago = timezone.now() - VISITORS_ARE_KNOWN_FOR
    visitors, _ = OrderVisitor.objects.filter(noted__lt=long_ago).delete()
    return visitors + Tally.objects.forget_what_is_over()
