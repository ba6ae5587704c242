"""A first click on Buy: the order, what it consists of, who asks, and the attempt to have it paid, written at once."""

from collections.abc import Mapping

from django.db import transaction

from payments.models import stock
from payments.models.agreed import Agreed
from payments.models.brakes import OrderVisitor
from payments.models.order_lines import OrderLine, OrderTax, require_few
from payments.models.orders import Order
from payments.models.payments import Payment
from payments.models.purchases import NewOrder
from payments.models.statements import insert


@transaction.atomic
def begin(
    offer: NewOrder,
    *,
    purchase_key: str,
    asked_by: Mapping[str, str],
    publishable_key: str,
    livemode: bool,
    method: Payment.Method,
) -> Payment | None:
    """The attempt; None, and nothing is written, if such an order is there already. Raises SoldOut or TooManyTaxes.

    There is no discount: nobody has typed a code. `asked_by` are the keys of an OrderVisitor, if there are any.
    """
    require_few(offer.taxes)
    order = Order(currency=offer.currency, purchase_key=purchase_key)
    order.take_price(offer.price)
    if not insert(order, unless_there=True):
        return None
    agreed = copied(offer, order)
    for row in (*agreed.lines, *agreed.taxes, *([OrderVisitor(order=order, **asked_by)] if asked_by else [])):
        insert(row)
    if any(item.stock is not None for item, _ in offer.lines):
        stock.hold(order)
    payment = Payment.of(agreed, publishable_key=publishable_key, livemode=livemode, method=method)
    insert(payment)
    return payment


def copied(offer: NewOrder, order: Order) -> Agreed:
    lines = [OrderLine.of(item, quantity, order) for item, quantity in offer.lines]
    agreed = Agreed(order, lines, [OrderTax.of(tax, order) for tax in offer.taxes])
    for tax, amount in zip(agreed.taxes, agreed.price.taxes, strict=True):
        tax.amount = amount
    return agreed
