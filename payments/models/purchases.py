"""What a visitor buys at once: an order for each currency, found again by the second click."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models, transaction

from payments import money, pricing
from payments.models.adjustments import Discount, Tax
from payments.models.catalog import Item
from payments.models.order_lines import OrderTax
from payments.models.statements import found, one

if TYPE_CHECKING:
    from payments.models.orders import Order

# As a Payment calls the attempts by which an order may yet be paid.
UNDER_WAY = ("created", "open", "processing")


@dataclass(frozen=True)
class NewOrder:
    """What a new order is made of, at the present prices and in one currency."""

    currency: str
    lines: tuple[tuple[Item, int], ...]
    taxes: tuple[Tax, ...]
    discount: Discount | None = None

    @classmethod
    def of_item(cls, item: Item, quantity: int) -> "NewOrder":
        """So many of it, with the taxes that are put on by themselves."""
        return cls(item.currency, ((item, quantity),), taxes_put_on(item.currency))

    @property
    def price(self) -> pricing.Price:
        return pricing.price(
            ((item.unit_amount, quantity) for item, quantity in self.lines),
            discount=self.discount.terms_in(self.currency) if self.discount else None,
            taxes=[tax.terms for tax in self.order_taxes],
            step=money.step(self.currency),
        )

    @property
    def order_taxes(self) -> "list[OrderTax]":
        """The taxes as they will be copied onto the order."""
        return [OrderTax.of(tax) for tax in self.taxes]

    @property
    def content(self) -> tuple[object, ...]:
        """Changes with anything that the shopper was shown."""
        lines = [(item.pk, item.name, item.unit_amount, quantity) for item, quantity in self.lines]
        discount = self.discount and (self.discount.pk, self.discount.name, self.discount.terms_in(self.currency))
        return self.currency, lines, discount, [tax.content for tax in self.order_taxes]

    def key_for(self, visitor: str) -> str:
        """By which a second click of this visitor finds what the first one made."""
        return hash_of(visitor, self.content)


def taxes_put_on(currency: str) -> tuple[Tax, ...]:
    """The taxes of a new order in this currency."""
    automatic = found(Tax, "active AND automatic ORDER BY display_name, percentage, id")
    return tuple(tax for tax in automatic if tax.is_for(currency))


class OrderManager(models.Manager["Order"]):
    def locked(self, pk: int) -> "Order":
        """Until the caller's transaction ends. Raises Order.DoesNotExist."""
        return one(self.model, pk, locked=True)

    def for_item(self, item: Item, *, quantity: int, visitor: str) -> "Order":
        """The visitor's unpaid order of this many of the item at its present price, made if there is none.

        Raises SoldOut if there is none and nothing is left: the last one may be held for this very visitor.
        """
        return self.for_one(NewOrder.of_item(item, quantity), visitor=visitor)

    def for_one(self, offer: NewOrder, *, visitor: str) -> "Order":
        """The same, for an offer that is known already."""
        purchase_key = offer.key_for(visitor)
        ((item, _),) = offer.lines
        if item.is_sold_out and not self.filter(purchase_key=purchase_key).exists():
            item.require_in_stock()
        (order,) = self.for_purchase([offer], purchase_key=purchase_key)
        return order

    @transaction.atomic
    def for_purchase(self, offers: "Sequence[NewOrder]", *, purchase_key: str) -> "list[Order]":
        """The orders of one purchase, one for each currency, made if there are none.

        A double click finds the orders of the first: the database lets one such purchase be under way at a time.
        """
        first, is_new = self.get_or_create(purchase_key=purchase_key, defaults={"currency": offers[0].currency})
        if not is_new:
            found = self.under_way(purchase_key)
            if found:
                return found
            # A part of it is paid, or staff has changed it: buying the same again is another purchase.
            first.let_go_of_visitor()
            return self.for_purchase(offers, purchase_key=purchase_key)
        others = [self.create_beside(first, offer.currency) for offer in offers[1:]]
        for order, offer in zip([first, *others], offers, strict=True):
            order.take(offer)
        return [first, *others]

    def holding_for_nobody(self) -> "models.QuerySet[Order]":
        """Those that hold stock though nobody can pay them: a process ended before it gave it back."""
        return self.filter(holds_stock=True).exclude(payments__status__in=UNDER_WAY)

    def under_way(self, purchase_key: str) -> "list[Order]":
        """All orders of the purchase with this key; none if one of them was paid or changed since."""
        purchase = self.filter(purchase_key=purchase_key).values("purchase")
        orders = list(self.filter(purchase__in=purchase).order_by("id"))
        return orders if all(order.purchase_key for order in orders) else []

    def create_beside(self, first: "Order", currency: str) -> "Order":
        key = hash_of(first.purchase, currency)
        return self.create(currency=currency, purchase=first.purchase, purchase_key=key)


def hash_of(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
