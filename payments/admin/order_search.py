"""Orders found by what a shopper or Stripe calls them, each by an index: a million of them are found as fast as ten."""

import re
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from payments.admin.long_lists import MOST_COUNTED
from payments.models import Order, OrderLine, Payment
from payments.models.prefixes import beginning_with

STRIPES_ID = re.compile(r"(cs|pi)_\w+", re.ASCII)


def search(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    text = text.strip()
    number = number_in(text)
    if number:
        return orders.filter(pk=number)
    if STRIPES_ID.fullmatch(text):
        payments = Payment.objects.filter(Q(checkout_session_id=text) | Q(payment_intent_id=text))
        return orders.filter(pk__in=payments.values("order"))
    if is_uuid(text):
        return orders.filter(uuid=text)
    return by_beginning(orders, text)


def number_in(text: str) -> int | None:
    """Also as an order is called everywhere: Order 12."""
    words = "|".join(re.escape(word) for word in {"order", str(Order._meta.verbose_name).lower()})
    found = re.fullmatch(rf"(?:(?:{words})\s+|#)?([0-9]{{1,18}})", text.lower(), re.ASCII)
    return int(found[1]) if found else None


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def by_beginning(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Whose e-mail address begins so, or the name of something in it; of very many as many as a list counts."""
    by_email = beginning_with(orders, "email", text, most=MOST_COUNTED + 1).values("pk")
    # Twice as many, since an order may have several, and the list still says that there are more than it counts.
    lines = beginning_with(lines_of(orders), "name", text, most=2 * MOST_COUNTED + 1).values("order")
    if "@" in text:
        return orders.filter(pk__in=by_email)
    if by_email.exists():
        return orders.filter(pk__in=orders_in(by_email).union(orders_in(lines)))
    return orders.filter(pk__in=lines)


def lines_of(orders: QuerySet[Order]) -> QuerySet[OrderLine]:
    """Of a filtered list only its own lines: among so many of all there may be none of them."""
    lines = OrderLine.objects.all()
    return lines.filter(order__in=orders.order_by().values("pk")) if orders.query.where else lines


def orders_in(found: Any) -> Any:
    """SQLite takes no limit in the parts of a union, but in what they are made of."""
    return Order.objects.filter(pk__in=found).order_by().values("pk")
