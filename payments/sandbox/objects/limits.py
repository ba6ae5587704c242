"""Stripe's limits of an amount: its currency, its step, its least and its most."""

from payments.money import (
    MAXIMUM_DIGITS,
    USUAL_MAXIMUM_DIGITS,
    format_amount,
    is_currency,
    maximum_amount,
    minimum_amount,
)
from payments.sandbox.errors import invalid
from payments.sandbox.objects.amounts import step_of


def check_currency(sent: str, at: str) -> None:
    if not is_currency(sent.upper()):
        raise invalid(at, f"Invalid currency: {sent[:40]}.")


def check_step(amount: int, currency: str, at: str) -> None:
    step = step_of(currency)
    if amount % step:
        raise invalid(at, f"Invalid amount: {currency} amounts are multiples of {step}.")


def check_least(amount: int, currency: str, at: str, name: str) -> None:
    least = minimum_amount(currency)
    if amount < least:
        raise invalid(at, f"{name} must be at least {format_amount(least, currency, 'en')}.", "amount_too_small")


def check_most(amount: int, currency: str, at: str, name: str) -> None:
    if amount > maximum_amount(currency):
        digits = MAXIMUM_DIGITS.get(currency, USUAL_MAXIMUM_DIGITS)
        raise invalid(at, f"{name} must be no more than {digits} digits.", "amount_too_large")
