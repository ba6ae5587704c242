"""What buyer and shop agree on: the lines of an order and the taxes on them, as they were at one moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from payments import money, pricing
from payments.models.order_lines import OrderLine, OrderTax
from payments.models.purchases import hash_of

if TYPE_CHECKING:
    from payments.models.orders import Order


@dataclass(frozen=True)
class Agreed:
    """Price and terms of the same rows, however often they are asked for."""

    order: "Order"
    lines: Iterable[OrderLine]
    taxes: Iterable[OrderTax]

    @cached_property
    def price(self) -> pricing.Price:
        """What the lines come to with discount and taxes, in minor units of the order's currency."""
        return pricing.price(
            ((line.unit_amount, line.quantity) for line in self.lines),
            discount=self.order.discount_terms,
            taxes=[tax.terms for tax in self.taxes],
            step=money.step(self.order.currency),
        )

    @cached_property
    def terms(self) -> str:
        """A text that changes with anything that is agreed: lines, discount, taxes."""
        order = self.order
        lines = [(line.name, line.unit_amount, line.quantity) for line in self.lines]
        taxes = [tax.content for tax in self.taxes]
        discount = (order.discount_name, order.discount_percent, order.discount_off)
        return hash_of(order.currency, lines, *discount, taxes)
