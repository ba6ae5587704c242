"""A line of the table: a ratio, what it is of, and what it should be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    sign: str
    value: float

    def is_met_by(self, ratio: float) -> bool:
        return {"≥": ratio >= self.value, "≤": ratio <= self.value, "=": ratio == self.value}[self.sign]

    def __str__(self) -> str:
        return f"{self.sign} {self.value:g}"


def at_least(value: float) -> Target:
    return Target("≥", value)


def at_most(value: float) -> Target:
    return Target("≤", value)


def exactly(value: float) -> Target:
    return Target("=", value)


@dataclass(frozen=True)
class Row:
    """`rounds` are pairs of measured and baseline, each pair taken side by side, in `unit`.

    Where nothing is compared the baseline is 1, and the ratio is what was measured.
    """

    what: str
    baseline: str
    rounds: Sequence[tuple[float, float]]
    unit: str
    # None where a figure is told, and nothing was promised.
    target: Target | None = None

    @property
    def ratios(self) -> list[float]:
        return [measured / baseline for measured, baseline in self.rounds]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.ratios), max(self.ratios)

    @property
    def is_met(self) -> bool:
        return self.target is None or self.target.is_met_by(self.ratio)


def in_turn(count: int, measured: Callable[[], float], baseline: Callable[[], float]) -> list[tuple[float, float]]:
    """So many rounds; which of the two comes first changes with each, so that neither has the quieter moments."""
    rounds = []
    for number in range(count):
        if number % 2:
            of_baseline, of_measured = baseline(), measured()
        else:
            of_measured, of_baseline = measured(), baseline()
        rounds.append((of_measured, of_baseline))
    return rounds


def alone(values: Sequence[float]) -> list[tuple[float, float]]:
    """Rounds of what is compared with nothing."""
    return [(value, 1.0) for value in values]
