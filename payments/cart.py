"""The cart: what a visitor has put aside, at the prices of this moment, as it will be ordered."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payments import fulfillment, pricing
from payments.errors import CartFull, DiscountRefused, InvalidQuantity, NotOnSale, SoldOut, StorefrontError
from payments.gateway.keys import currencies
from payments.models import Discount, Item, NewOrder, Order, OrderTax, Tax
from payments.models.order_lines import MAXIMUM_LINES, MAXIMUM_QUANTITY
from payments.models.purchases import hash_of
from payments.money import require_chargeable


@dataclass(frozen=True)
class Entry:
    """`unit_amount` is the price that the visitor was shown; nothing is ever charged by it."""

    item_id: int
    quantity: int
    unit_amount: int


@dataclass(frozen=True)
class Basket:
    """What the visitor's browser keeps: no more than this."""

    entries: tuple[Entry, ...] = ()
    code: str = ""

    @property
    def count(self) -> int:
        return sum(entry.quantity for entry in self.entries)

    def entry(self, item_id: int) -> Entry:
        for entry in self.entries:
            if entry.item_id == item_id:
                return entry
        raise NotOnSale(_("This item is not in your cart any more: perhaps it was removed in another tab."))

    def has(self, item_id: int) -> bool:
        return any(entry.item_id == item_id for entry in self.entries)

    def with_entry(self, new: Entry) -> "Basket":
        if not self.has(new.item_id):
            return replace(self, entries=(*self.entries, new))
        return replace(self, entries=tuple(new if entry.item_id == new.item_id else entry for entry in self.entries))

    def change(self, item_id: int, *, quantity: int) -> "Basket":
        """With none of it the item is out of the basket. Raises NotOnSale."""
        changed = replace(self.entry(item_id), quantity=quantity)
        return self.with_entry(changed) if quantity else self.without([item_id])

    def with_code(self, code: str) -> "Basket":
        return replace(self, code=code)

    def without(self, item_ids: Iterable[int]) -> "Basket":
        gone = set(item_ids)
        kept = tuple(entry for entry in self.entries if entry.item_id not in gone)
        return Basket(kept, self.code if kept else "")


def add(basket: Basket, item: Item, *, quantity: int, unit_amount: int) -> Basket:
    """The basket with so many more of the item. Raises InvalidQuantity or CartFull."""
    before = basket.entry(item.pk).quantity if basket.has(item.pk) else 0
    if before + quantity > MAXIMUM_QUANTITY:
        words = _("Your cart has %(before)s of this item already, and %(most)s is the most.")
        raise InvalidQuantity(words % {"before": before, "most": MAXIMUM_QUANTITY})
    if not before:
        require_room(basket, item.currency)
    return basket.with_entry(Entry(item.pk, before + quantity, unit_amount))


def require_room(basket: Basket, currency: str) -> None:
    if len(basket.entries) < MAXIMUM_LINES:
        return
    present = Item.objects.filter(pk__in=[entry.item_id for entry in basket.entries], currency=currency)
    if present.count() >= MAXIMUM_LINES:
        words = ngettext(
            "Your cart has %(count)s item in %(currency)s, and one order takes no more: "
            "please check out first, or remove it.",
            "Your cart has %(count)s different items in %(currency)s, and one order takes no more: "
            "please check out first, or remove one.",
            MAXIMUM_LINES,
        )
        raise CartFull(words % {"count": MAXIMUM_LINES, "currency": currency})


def with_order(basket: Basket, order: Order) -> Basket:
    """The basket with what the order has, at the prices it was ordered at: changes are seen. Raises CartFull."""
    entries = [Entry(line.item_id, line.quantity, line.unit_amount) for line in order.lines.all() if line.item_id]
    filled = basket
    for entry in entries:
        if not filled.has(entry.item_id):
            require_room(filled, order.currency)
            filled = filled.with_entry(entry)
    code = order.discount.code if order.discount else ""
    return filled.with_code(code or filled.code)


def require_usable_code(code: str) -> Discount:
    """The discount that the code stands for. Raises DiscountRefused."""
    found = Discount.objects.with_code(code)
    if found is None:
        words = _("There is no discount with the code %(code)s: please check how it is written.")
        raise DiscountRefused(words % {"code": code})
    discount, uses = found
    if discount.is_used_up(uses) and fulfillment.release_uses_of(discount):
        discount, uses = Discount.objects.with_code(code) or found
    discount.require_usable(uses=uses)
    return discount


@dataclass(frozen=True)
class Line:
    entry: Entry
    item: Item

    @property
    def quantity(self) -> int:
        return self.entry.quantity

    @property
    def amount(self) -> int:
        return pricing.line_amount(self.item.unit_amount, self.quantity)

    @property
    def has_new_price(self) -> bool:
        return self.entry.unit_amount != self.item.unit_amount


@dataclass(frozen=True)
class Group:
    """The lines of one currency: one order, one payment."""

    lines: tuple[Line, ...]
    offer: NewOrder
    # Why the code takes nothing off here.
    discount_problem: str = ""

    @property
    def currency(self) -> str:
        return self.offer.currency

    @cached_property
    def price(self) -> pricing.Price:
        return self.offer.price

    @property
    def taxes(self) -> list[tuple[OrderTax, int]]:
        return list(zip(self.offer.order_taxes, self.price.taxes, strict=True))

    @property
    def problem(self) -> str:
        """Why this cannot be paid; empty if it can. Nothing to pay is no problem."""
        try:
            self.require_orderable()
        except StorefrontError as error:
            return str(error)
        return ""

    def require_orderable(self) -> None:
        """Raise SoldOut or AmountOutOfLimits if it cannot be paid."""
        for line in self.lines:
            require_enough(line.item, line.quantity)
        if self.price.total:
            require_chargeable(self.price.total, self.currency)


def require_enough(item: Item, quantity: int) -> None:
    if item.has_fewer_than(quantity):
        words = ngettext(
            "There is only %(count)s of %(item)s left: please choose fewer.",
            "There are only %(count)s of %(item)s left: please choose fewer.",
            item.stock or 0,
        )
        raise SoldOut(words % {"count": item.stock, "item": item.name}, item=item.name)


@dataclass(frozen=True)
class Cart:
    groups: tuple[Group, ...]
    # In the basket, but not to be had: without an item if it was deleted.
    unavailable: tuple[tuple[Entry, Item | None], ...]
    code: str = ""
    code_problem: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.groups or self.unavailable)

    @property
    def has_changes(self) -> bool:
        return bool(self.unavailable) or any(line.has_new_price for group in self.groups for line in group.lines)

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.groups) and not any(group.problem for group in self.groups)

    @property
    def offers(self) -> list[NewOrder]:
        return [group.offer for group in self.groups]

    @property
    def content(self) -> str:
        """A text that changes with anything the visitor is shown; the checkout takes place on these terms or not."""
        unavailable = [entry.item_id for entry, _ in self.unavailable]
        return hash_of([offer.content for offer in self.offers], unavailable)

    @property
    def payments_in_words(self) -> str:
        """What the shopper is to know before the first of several orders is made."""
        if len(self.groups) < 2:
            return ""
        currencies = {"count": len(self.groups), "currencies": currencies_of(self.groups)}
        free = [group for group in self.groups if not group.price.total]
        if free:
            words = ngettext(
                "Your cart becomes %(count)s order, one for each currency: %(currencies)s. "
                "There is nothing to pay in %(free)s.",
                "Your cart becomes %(count)s orders, one for each currency: %(currencies)s. "
                "There is nothing to pay in %(free)s.",
                len(self.groups),
            )
            return words % (currencies | {"free": currencies_of(free)})
        words = ngettext(
            "Your cart will be paid in %(count)s payment, one for each currency: %(currencies)s.",
            "Your cart will be paid in %(count)s payments, one for each currency: %(currencies)s.",
            len(self.groups),
        )
        return words % currencies


def currencies_of(groups: Iterable[Group]) -> str:
    return ", ".join(group.currency for group in groups)


def look_into(basket: Basket) -> Cart:
    """The basket's items as they are now: prices, taxes and whether they can be had come from the database."""
    if not basket.entries:
        return Cart((), ())
    items = present_items(basket)
    found = [(entry, items.get(entry.item_id)) for entry in basket.entries]
    lines = [Line(entry, item) for entry, item in found if item and can_be_bought(item)]
    unavailable = tuple((entry, item) for entry, item in found if not (item and can_be_bought(item)))
    discount, code_problem = discount_of(basket.code)
    return Cart(groups_of(lines, discount), unavailable, basket.code, code_problem)


def present_items(basket: Basket) -> dict[int, Item]:
    """By their ids, after taking back what others held and did not pay in time, where too little is left."""
    items: dict[int, Item] = Item.objects.in_bulk([entry.item_id for entry in basket.entries])
    found = [entry for entry in basket.entries if entry.item_id in items]
    short = [entry.item_id for entry in found if items[entry.item_id].has_fewer_than(entry.quantity)]
    if short and fulfillment.release_stock(short):
        items |= Item.objects.in_bulk(short)
    return items


def can_be_bought(item: Item) -> bool:
    return item.on_sale and item.currency in currencies() and not item.is_sold_out


def discount_of(code: str) -> tuple[Discount | None, str]:
    try:
        return (require_usable_code(code), "") if code else (None, "")
    except DiscountRefused as error:
        return None, str(error)


def groups_of(lines: list[Line], discount: Discount | None) -> tuple[Group, ...]:
    taxes = list(Tax.objects.automatic())
    found = dict.fromkeys(line.item.currency for line in lines)
    return tuple(group_of(currency, lines, taxes, discount) for currency in found)


def group_of(currency: str, lines: list[Line], taxes: list[Tax], discount: Discount | None) -> Group:
    own = tuple(line for line in lines if line.item.currency == currency)
    discount, problem = discount_in(currency, discount)
    bought = tuple((line.item, line.quantity) for line in own)
    put_on = tuple(tax for tax in taxes if tax.is_for(currency))
    return Group(own, NewOrder(currency, bought, put_on, discount), problem)


def discount_in(currency: str, discount: Discount | None) -> tuple[Discount | None, str]:
    if discount is None:
        return None, ""
    try:
        discount.terms_in(currency)
    except DiscountRefused:
        words = _("The code %(code)s takes off nothing in %(currency)s.")
        return None, words % {"code": discount.code, "currency": currency}
    return discount, ""
