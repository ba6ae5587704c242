"""What an order comes to: pure integers of minor units."""

from collections.abc import Iterable


def line_amount(unit_amount: int, quantity: int) -> int:
    return unit_amount * quantity


def total_amount(lines: Iterable[tuple[int, int]]) -> int:
    """The sum over pairs of unit amount and quantity, all in one currency."""
    return sum(line_amount(unit_amount, quantity) for unit_amount, quantity in lines)
