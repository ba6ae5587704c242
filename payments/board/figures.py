"""The figures of each section, counted by the database in as many queries however many orders there are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from payments import money, pricing
from payments.board import movements
from payments.board.items import BestItem, best_items
from payments.board.movements import Movement
from payments.board.periods import Period
from payments.board.sections import SECTION, Section, of_free_orders, selling
from payments.models import Order, OrderTax, Payment


@dataclass
class Figures:
    """Amounts are in minor units of the section's currency: see `payments.board` for what each one is."""

    section: Section
    gross: int = 0
    discounts: int = 0
    taxes: int = 0
    refunds: int = 0
    disputes: int = 0
    paid_orders: int = 0
    free_orders: int = 0
    # What is part of gross, and paid for no order.
    paid_twice: int = 0
    payments_made_twice: int = 0
    offered: int = 0
    offered_and_paid: int = 0
    best_by_sum: list[BestItem] = field(default_factory=list)
    best_by_count: list[BestItem] = field(default_factory=list)
    # By the first day of each bar of the chart.
    gross_of: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    refunds_of: dict[date, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def net(self) -> int:
        return self.gross - self.refunds - self.disputes

    @property
    def orders(self) -> int:
        return self.paid_orders + self.free_orders

    @property
    def average(self) -> int:
        """Half up to what a price can be; zero where nothing was paid."""
        if not self.paid_orders:
            return 0
        exact = Decimal(self.gross - self.paid_twice) / self.paid_orders
        return pricing.half_up(exact, money.step(self.section.currency))

    @property
    def conversion(self) -> Decimal | None:
        """In percent with one decimal; None where nothing was offered."""
        return round(Decimal(100) * self.offered_and_paid / self.offered, 1) if self.offered else None

    @property
    def is_empty(self) -> bool:
        return not (self.orders or self.offered or self.gross or self.refunds or self.disputes)


class Board(dict[Section, Figures]):
    """A section is there once it is asked for."""

    def __missing__(self, section: Section) -> Figures:
        self[section] = Figures(section)
        return self[section]


def figures_of(period: Period) -> list[Figures]:
    """Those of every account that sells now or has anything in the period, by currency."""
    board = Board({section: Figures(section) for section in selling()})
    count_money(board, period)
    count_paid_orders(board, period)
    count_free_orders(board, period)
    count_offered(board, period)
    for section, by_sum, by_count in best_items(period):
        board[section].best_by_sum, board[section].best_by_count = by_sum, by_count
    return [board[section] for section in sorted(board, key=lambda each: (each.currency, not each.livemode))]


def count_money(board: Board, period: Period) -> None:
    for row in sums(movements.GROSS, period):
        figures = board[Section.of_row(row)]
        figures.gross += row["signed"]
        figures.gross_of[row["bucket"]] += row["signed"]
        if row["movement"] is movements.TAKEN_AGAIN:
            figures.paid_twice += row["signed"]
            figures.payments_made_twice += row["count"]
    for row in sums(movements.REFUNDS, period):
        figures = board[Section.of_row(row)]
        figures.refunds -= row["signed"]
        figures.refunds_of[row["bucket"]] -= row["signed"]
    for row in sums(movements.DISPUTES, period):
        board[Section.of_row(row)].disputes -= row["signed"]


def sums(kinds: Iterable[Movement], period: Period) -> Iterable[dict[str, Any]]:
    """For each section and bar of the chart how much moved, and how often."""
    for movement in kinds:
        grouped = movement.rows(period).annotate(bucket=period.bucket_of("moved_at")).values(*SECTION, "bucket")
        for row in grouped.annotate(total=Sum("moved"), count=Count("pk")):
            bucket = row["bucket"].date() if isinstance(row["bucket"], datetime) else row["bucket"]
            yield row | {"movement": movement, "signed": movement.sign * row["total"], "bucket": bucket}


def count_paid_orders(board: Board, period: Period) -> None:
    # Summed up for each order: joined to it, one with two taxes would count twice.
    taxes = OrderTax.objects.filter(order=OuterRef("order")).order_by().values("order").annotate(sum=Sum("amount"))
    paid = movements.TAKEN.rows(period).annotate(tax=Subquery(taxes.values("sum"))).values(*SECTION)
    counted = paid.annotate(count=Count("pk"), discounts=Sum("order__discount_amount"), taxes=Sum("tax"))
    for row in counted:
        figures = board[Section.of_row(row)]
        figures.paid_orders, figures.discounts, figures.taxes = row["count"], row["discounts"] or 0, row["taxes"] or 0


def count_free_orders(board: Board, period: Period) -> None:
    counted = free_orders(period).values("currency").annotate(count=Count("pk"), discounts=Sum("discount_amount"))
    for row in counted:
        figures = board[of_free_orders(row["currency"])]
        figures.free_orders += row["count"]
        figures.discounts += row["discounts"] or 0


def count_offered(board: Board, period: Period) -> None:
    is_paid = Q(order__status=Order.Status.PAID)
    counted = offered(period).values(*SECTION).annotate(count=Count("pk"), paid=Count("pk", filter=is_paid))
    for row in counted:
        figures = board[Section.of_row(row)]
        figures.offered, figures.offered_and_paid = row["count"], row["paid"]


def free_orders(period: Period) -> QuerySet[Order]:
    return Order.objects.order_by().filter(paid_at__gte=period.start, paid_at__lt=period.end, total_amount=0)


def offered(period: Period) -> QuerySet[Payment]:
    """The first attempt of each order that was offered first in the period."""
    first = Payment.objects.order_by().filter(attempt=1, created__gte=period.start, created__lt=period.end)
    return first.annotate(
        section_account=F("publishable_key"), section_livemode=F("livemode"), section_currency=F("currency")
    )
