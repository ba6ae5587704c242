"""Prices that are computed for staff: item by item what they are, what they become, and why one cannot be."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from djmoney.money import Money

from payments.models import Item
from payments.models.catalog import price_problem
from payments.money import format_amount, from_minor_units, to_minor_units

Price = Callable[[Item], Money]


@dataclass(frozen=True)
class NewPrice:
    item: Item
    after: Money
    problem: str

    @property
    def before(self) -> Money:
        price: Money = self.item.price
        return price

    @property
    def before_shown(self) -> str:
        return in_words(self.before)

    @property
    def after_shown(self) -> str:
        return in_words(self.after)


def new_prices(items: Iterable[Item], price: Price) -> Iterator[NewPrice]:
    for item in items:
        after = price(item)
        yield NewPrice(item, after, price_problem(after.amount, str(after.currency)))


def times(price: Money, factor: Decimal, currency: str) -> Money:
    """Rounded half up to what a price of the currency can have."""
    amount = to_minor_units(price.amount * factor, currency)
    return Money(from_minor_units(amount, currency), currency)


def in_words(price: Money) -> str:
    code = str(price.currency)
    return format_amount(to_minor_units(price.amount, code), code)
