"""Amounts in the words of the visitor's language."""

from django import template
from django.utils.translation import get_language

from payments.models import Item
from payments.money import format_amount

register = template.Library()


@register.filter
def amount(minor_units: int, currency: str) -> str:
    """`{{ line.amount|amount:line.currency }}`: minor units as a person reads them, with the currency's code."""
    return format_amount(minor_units, currency, get_language() or "en")


@register.filter
def price(item: Item) -> str:
    return amount(item.unit_amount, item.currency)
