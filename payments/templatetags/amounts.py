"""Amounts and times as the page's language writes them."""

from django import template

from payments.languages import format_moment
from payments.models import Item
from payments.money import format_amount

register = template.Library()
register.filter("moment", format_moment)


@register.simple_tag
def amount(minor_units: int, currency: str) -> str:
    """`{% amount line.amount line.currency %}`: minor units as a person reads them, with the currency's code."""
    return format_amount(minor_units, currency)


@register.simple_tag
def price(item: Item) -> str:
    return amount(item.unit_amount, item.currency)
