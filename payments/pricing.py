"""What an order comes to: pure integers of minor units. The discount first, then the taxes, per line, half up.

https://docs.stripe.com/billing/taxes/tax-rates and https://docs.stripe.com/tax/calculating describe the same rules.
`step` is the smallest amount of the currency in minor units (money.step): every amount is a multiple of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class DiscountTerms:
    """Either a percentage in (0, 100], or an amount in minor units of the order's currency."""

    percent: Decimal | None = None
    amount: int = 0


@dataclass(frozen=True)
class TaxTerms:
    """A percentage, which the prices include already or which comes on top."""

    percentage: Decimal
    inclusive: bool


@dataclass(frozen=True)
class LinePrice:
    """One line: what it costs, what is taken off, each tax in the order of the terms, and what is to be paid."""

    subtotal: int
    discount: int
    taxes: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Price:
    """A whole order. The parts add up: total = subtotal - discount + exclusive taxes."""

    lines: tuple[LinePrice, ...]
    taxes: tuple[int, ...]

    @property
    def subtotal(self) -> int:
        return sum(line.subtotal for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)


def price(
    lines: Iterable[tuple[int, int]],
    *,
    discount: DiscountTerms | None = None,
    taxes: Sequence[TaxTerms] = (),
    step: int = 1,
) -> Price:
    """The price of lines, each a pair of unit amount and quantity."""
    subtotals = [line_amount(unit_amount, quantity) for unit_amount, quantity in lines]
    discounts = discounts_of(subtotals, discount, step)
    priced = tuple(line_price(*amounts, taxes, step) for amounts in zip(subtotals, discounts, strict=True))
    return Price(priced, tuple(sum(line.taxes[index] for line in priced) for index in range(len(taxes))))


def line_amount(unit_amount: int, quantity: int) -> int:
    return unit_amount * quantity


def discounts_of(subtotals: Sequence[int], discount: DiscountTerms | None, step: int) -> list[int]:
    """What is taken off each line; an amount is never more than there is to pay."""
    if discount is None:
        return [0] * len(subtotals)
    if discount.percent is not None:
        return [half_up(subtotal * discount.percent / 100, step) for subtotal in subtotals]
    return spread(min(discount.amount, sum(subtotals)), subtotals, step)


def spread(amount: int, over: Sequence[int], step: int) -> list[int]:
    """Parts of the amount in proportion to the lines, which add up to it exactly.

    What is left after rounding down goes to the largest remainders, among equals to the larger lines: so no line
    gets more than it costs, and it does not matter in which order the lines stand.
    """
    whole = sum(over)
    if not whole:
        return [0] * len(over)
    units = amount // step
    parts = [units * line // whole for line in over]
    by_remainder = sorted(range(len(over)), key=lambda index: (units * over[index] % whole, over[index]), reverse=True)
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    return [part * step for part in parts]


def line_price(subtotal: int, discount: int, taxes: Sequence[TaxTerms], step: int) -> LinePrice:
    """Inclusive taxes are part of what is left after the discount; exclusive ones come on top of what those leave."""
    left = subtotal - discount
    divisor = 100 + sum(tax.percentage for tax in taxes if tax.inclusive)
    included = {tax: half_up(left * tax.percentage / divisor, step) for tax in taxes if tax.inclusive}
    net = left - sum(included[tax] for tax in taxes if tax.inclusive)
    amounts = tuple(included[tax] if tax.inclusive else half_up(net * tax.percentage / 100, step) for tax in taxes)
    on_top = sum(amount for tax, amount in zip(taxes, amounts, strict=True) if not tax.inclusive)
    return LinePrice(subtotal, discount, amounts, left + on_top)


def half_up(amount: Decimal, step: int) -> int:
    return int((amount / step).quantize(Decimal(1), ROUND_HALF_UP)) * step
