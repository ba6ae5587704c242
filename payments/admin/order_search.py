"""Orders found by what a shopper or Stripe calls them, each by an index: a million of them are found as fast as ten."""

import re
from uuid import UUID

from django.db.models import Q, QuerySet

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
    """Whose e-mail address begins so, or the name of something in it."""
    by_email = beginning_with(Order.objects.order_by(), "email", text)
    lines = beginning_with(OrderLine.objects.order_by(), "name", text).values("order")
    if "@" in text:
        return orders.filter(pk__in=by_email.values("pk"))
    if by_email.exists():
        return orders.filter(pk__in=by_email.values("pk").union(lines))
    return orders.filter(pk__in=lines)
