"""Stock, where an item has it: held while an order is offered for payment, gone when it is paid, back when it is not.

The caller holds the lock of the order's row. Items are taken in the order of their ids, so that no two orders wait for
each other.
"""

from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext as _

from payments.errors import SoldOut
from payments.models.catalog import Item

if TYPE_CHECKING:
    from payments.models.order_lines import OrderLine
    from payments.models.orders import Order


def hold(order: "Order") -> None:
    """Take what the order needs from the stock. Raises SoldOut; then the caller's transaction must not go on."""
    if order.holds_stock:
        return
    for line in counted_lines(order):
        enough = Item.objects.filter(pk__in=[line.item_id], stock__gte=line.quantity)
        if not enough.update(stock=F("stock") - line.quantity):
            words = _("%(item)s: there are not so many left. Please choose fewer, or something else.")
            raise SoldOut(words % {"item": line.name}, item=line.name)
        remember(line, line.quantity)
        order.holds_stock = True
    if order.holds_stock:
        order.save(update_fields=["holds_stock"])


def counted_lines(order: "Order") -> "list[OrderLine]":
    lines = sorted((line for line in order.lines.all() if line.item_id), key=lambda line: line.item_id or 0)
    counted = Item.objects.filter(pk__in=[line.item_id for line in lines], stock__isnull=False)
    ids = set(counted.values_list("pk", flat=True))
    return [line for line in lines if line.item_id in ids]


def give_back(order: "Order") -> None:
    """Put back what was held."""
    for line in order.lines.filter(held__gt=0).order_by("item_id"):
        Item.objects.filter(pk__in=[line.item_id], stock__isnull=False).update(stock=F("stock") + line.held)
        remember(line, 0)
    order.holds_stock = False
    order.save(update_fields=["holds_stock"])


def remember(line: "OrderLine", held: int) -> None:
    line.held = held
    line.save(update_fields=["held"])
