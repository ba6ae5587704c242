"""Discounts and taxes as Stripe documents them: the discount first, then each tax, per line, half up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from payments.money import minor_unit_decimals, price_decimals


@dataclass(frozen=True)
class Rate:
    percentage: Decimal
    inclusive: bool


@dataclass(frozen=True)
class LineAmounts:
    """In minor units. `taxes` has an entry for each rate; `taxable` is what they are percentages of."""

    subtotal: int
    discount: int
    taxes: tuple[int, ...]
    taxable: int
    total: int


def step_of(currency: str) -> int:
    """Amounts in the currency are multiples of this many minor units."""
    return int(10 ** (minor_unit_decimals(currency) - price_decimals(currency)))


def percent_discounts(subtotals: Sequence[int], percent_off: Decimal, step: int) -> list[int]:
    return [half_up(subtotal * percent_off / 100, step) for subtotal in subtotals]


def amount_discounts(subtotals: Sequence[int], amount_off: int, step: int) -> list[int]:
    """No more than there is to pay, spread in proportion to the lines."""
    off = min(amount_off, sum(subtotals))
    return [part * step for part in spread(off // step, [subtotal // step for subtotal in subtotals])]


def spread(whole: int, weights: Sequence[int]) -> list[int]:
    """Parts that add up to the whole: what is left goes to the largest remainders, among equals to larger lines."""
    total = sum(weights) or 1
    parts = [whole * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(whole * weights[index] % total), -weights[index]))
    for index in by_remainder[: whole - sum(parts)]:
        parts[index] += 1
    return parts


def line_amounts(subtotal: int, discount: int, rates: Sequence[Rate], step: int) -> LineAmounts:
    """Inclusive taxes are part of what is left after the discount; exclusive ones come on top of what they leave."""
    left = subtotal - discount
    divisor = 100 + sum(rate.percentage for rate in rates if rate.inclusive)
    inclusive = [half_up(left * rate.percentage / divisor, step) for rate in rates if rate.inclusive]
    taxable = left - sum(inclusive)
    exclusive = [half_up(taxable * rate.percentage / 100, step) for rate in rates if not rate.inclusive]
    taxes = in_order(rates, inclusive, exclusive)
    return LineAmounts(subtotal, discount, taxes, taxable, left + sum(exclusive))


def in_order(rates: Sequence[Rate], inclusive: Sequence[int], exclusive: Sequence[int]) -> tuple[int, ...]:
    amounts = {True: iter(inclusive), False: iter(exclusive)}
    return tuple(next(amounts[rate.inclusive]) for rate in rates)


def half_up(amount: Decimal, step: int) -> int:
    return int((amount / step).quantize(Decimal(1), ROUND_HALF_UP)) * step
