"""Amounts as the visitor's language writes them."""

from typing import Any

from django import template

from payments.models import Item
from payments.money import format_amount

register = template.Library()


@register.simple_tag(takes_context=True)
def amount(context: dict[str, Any], minor_units: int, currency: str) -> str:
    """`{% amount line.amount line.currency %}`: minor units as a person reads them, with the currency's code."""
    return format_amount(minor_units, currency, context["price_language"])


@register.simple_tag(takes_context=True)
def price(context: dict[str, Any], item: Item) -> str:
    return amount(context, item.unit_amount, item.currency)
