"""Bars of a chart: gross upwards and refunds downwards, in the units of a viewBox that is stretched to its place."""

from dataclasses import dataclass
from datetime import date

from payments.board.figures import Figures
from payments.board.periods import Period

HEIGHT = 1000
STEP, WIDTH = 10, 8
# What is there shall be seen.
LEAST = 6


@dataclass(frozen=True)
class Bar:
    bucket: date
    gross: int
    refunds: int
    x: int
    gross_y: int
    gross_height: int
    refunds_height: int


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    # Where the line between what came and what went back is.
    zero: int

    @property
    def width(self) -> int:
        return STEP * len(self.bars)

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(bar.gross or bar.refunds for bar in self.bars)

    @property
    def highest(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.gross)

    @property
    def lowest(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.refunds)


def chart_of(figures: Figures, period: Period) -> Chart:
    buckets = period.buckets
    most = max((figures.gross_of.get(bucket, 0) for bucket in buckets), default=0)
    least = max(0, max((figures.refunds_of.get(bucket, 0) for bucket in buckets), default=0))
    span = most + least or 1
    zero = HEIGHT * most // span
    return Chart([bar_of(figures, bucket, place, zero, span) for place, bucket in enumerate(buckets)], zero)


def bar_of(figures: Figures, bucket: date, place: int, zero: int, span: int) -> Bar:
    gross, refunds = figures.gross_of.get(bucket, 0), figures.refunds_of.get(bucket, 0)
    up, down = length(gross, span), length(refunds, span)
    return Bar(bucket, gross, refunds, STEP * place + (STEP - WIDTH) // 2, zero - up, up, down)


def length(amount: int, span: int) -> int:
    """Nothing for a day on which more refunds failed than were made: the table says so."""
    return max(LEAST, HEIGHT * amount // span) if amount > 0 else 0
