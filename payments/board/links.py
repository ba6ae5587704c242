"""Exactly the orders that a figure counts, and a text that stands for them in an address."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from payments.board import movements
from payments.board.figures import free_orders, offered
from payments.board.items import lines_of_paid_orders
from payments.board.movements import Movement
from payments.board.periods import Period
from payments.board.sections import SEPARATOR, Section, of_free_orders
from payments.models import Order

MOST_DIGITS = 18
Ids = QuerySet[Any, Any]


@dataclass(frozen=True)
class Counted:
    """A figure of a section in a period; of the best items, also which one."""

    figure: str
    section: Section
    period: Period
    item_id: int | None = None
    name: str = ""

    def __str__(self) -> str:
        days = (self.period.first.isoformat(), self.period.last.isoformat())
        item = str(self.item_id or "")
        return SEPARATOR.join((self.figure, self.section.name, *days, item, self.name))

    @classmethod
    def read(cls, text: str) -> "Counted":
        """Raises ValueError for what is none."""
        figure, currency, mode, account, first, last, item, name = text.split(SEPARATOR, 7)
        period = Period(date.fromisoformat(first), date.fromisoformat(last))
        if figure not in ORDERS or not period.is_sound or "\0" in text or len(item) > MOST_DIGITS:
            raise ValueError(text)
        return cls(figure, Section(currency, mode == "live", account), period, int(item) if item else None, name)

    @property
    def orders(self) -> Q:
        return ORDERS[self.figure](self)


def moved_by(counted: Counted, kinds: Iterable[Movement]) -> list[Ids]:
    return [kind.rows(counted.period).filter(counted.section.row).values("moved_order") for kind in kinds]


def among(ids: Iterable[Ids]) -> Q:
    """Those of any of these, looked up by their ids: an OR of them would be tried with every order there is."""
    first, *others = ids
    return Q(pk__in=first.union(*others) if others else first)


def that_moved(kinds: Iterable[Movement]) -> Callable[[Counted], Q]:
    return lambda counted: among(moved_by(counted, kinds))


def paid(counted: Counted) -> Q:
    return among(moved_by(counted, [movements.TAKEN]))


def free_ids(counted: Counted) -> Ids:
    """None where they count with another section."""
    own = of_free_orders(counted.section.currency) == counted.section
    orders = free_orders(counted.period).filter(currency=counted.section.currency)
    return (orders if own else orders.none()).values("pk")


def free(counted: Counted) -> Q:
    return among([free_ids(counted)])


def paid_or_free(counted: Counted) -> Q:
    return among([*moved_by(counted, [movements.TAKEN]), free_ids(counted)])


def discounted(counted: Counted) -> Q:
    return paid_or_free(counted) & Q(discount_amount__gt=0)


def taxed(counted: Counted) -> Q:
    (ids,) = moved_by(counted, [movements.TAKEN])
    return among([ids.filter(order__taxes__amount__gt=0)])


def offered_first(counted: Counted) -> Q:
    return Q(pk__in=offered(counted.period).filter(counted.section.row).values("order"))


def with_item(counted: Counted) -> Q:
    lines = lines_of_paid_orders(counted.period).filter(counted.section.row, item=counted.item_id, name=counted.name)
    return Q(pk__in=lines.values("order"))


ORDERS: dict[str, Callable[[Counted], Q]] = {
    "gross": that_moved(movements.GROSS),
    "discounts": discounted,
    "taxes": taxed,
    "refunds": that_moved(movements.REFUNDS),
    "disputes": that_moved(movements.DISPUTES),
    "net": that_moved(movements.ALL),
    "orders": paid_or_free,
    "paid": paid,
    "free": free,
    "paid_twice": that_moved([movements.TAKEN_AGAIN]),
    "offered": offered_first,
    "offered_and_paid": lambda counted: offered_first(counted) & Q(status=Order.Status.PAID),
    "item": with_item,
}


def orders_of(counted: Counted, among: QuerySet[Order]) -> QuerySet[Order]:
    return among.filter(counted.orders)
