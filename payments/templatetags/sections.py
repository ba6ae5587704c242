"""The rooms of the admin, as they stand above each page."""

from typing import Any

from django import template

register = template.Library()

ORDER_OF_WORK = ["Order", "Item", "Payment", "Refund", "Dispute", "Discount", "Tax", "StripeEvent"]


@register.filter
def in_order_of_work(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is opened most often first, the same in every language: Django sorts them by their names."""
    known = {name: place for place, name in enumerate(ORDER_OF_WORK)}
    return sorted(models, key=lambda model: known.get(model["object_name"], len(known)))
