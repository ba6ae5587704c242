"""Percentages: exact as they are sent and computed with, and a JSON number where they are answered."""

import re
from dataclasses import dataclass
from decimal import Decimal

from payments.sandbox.errors import invalid
from payments.sandbox.http.encoding import Sent
from payments.sandbox.http.parameters import scalar

NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]+)?")


@dataclass(frozen=True)
class Percentage:
    """From 0 to 100, as the JSON number that Stripe answers with."""

    decimals: int
    above_zero: bool = False
    required: bool = False

    def read(self, sent: Sent, at: str) -> float:
        text = scalar(sent, at)
        if not NUMBER.fullmatch(text):
            raise invalid(at, f"Invalid decimal: {text[:40]}")
        if len(text.partition(".")[2].rstrip("0")) > self.decimals:
            raise invalid(at, f"Invalid decimal: {text[:40]}; must contain at maximum {self.decimals} decimal places.")
        self.check_bounds(Decimal(text), at)
        return float(text)

    def check_bounds(self, number: Decimal, at: str) -> None:
        if number < 0 or (self.above_zero and number == 0):
            raise invalid(at, f"This value must be greater than {'' if self.above_zero else 'or equal to '}0.")
        if number > 100:
            raise invalid(at, f"This value must be less than or equal to 100 (it currently is '{number}').")


def exact(percentage: float) -> Decimal:
    """The number as it was sent: of its few digits the shortest text of a float loses none."""
    return Decimal(str(percentage))
