"""The best items of each section: by what they came to, and by how many were sold."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, F, FilteredRelation, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from payments.board.periods import Period
from payments.board.sections import SECTION, Section
from payments.models import OrderLine

MOST = 5


@dataclass(frozen=True)
class BestItem:
    """As it was called when it was bought; `item_id` is None for one that was deleted since."""

    item_id: int | None
    name: str
    count: int
    amount: int


def best_items(period: Period) -> Iterator[tuple[Section, list[BestItem], list[BestItem]]]:
    by_sum, by_count = best_by("amount_sum", period), best_by("count_sum", period)
    for section in by_sum:
        yield section, by_sum[section], by_count[section]


def best_by(measure: str, period: Period) -> dict[Section, list[BestItem]]:
    """The database sends no more than the best of each section, of however many items."""
    order: list[Any] = [F(measure).desc(), "name", "item"]
    place = Window(RowNumber(), partition_by=list(SECTION), order_by=order)
    found: dict[Section, list[BestItem]] = defaultdict(list)
    for row in sold(period).annotate(place=place).filter(place__lte=MOST).order_by("place"):
        item = BestItem(row["item"], row["name"], row["count_sum"], row["amount_sum"])
        found[Section.of_row(row)].append(item)
    return found


def sold(period: Period) -> QuerySet[Any, dict[str, Any]]:
    """A row for each item of a section, as it was called."""
    items = lines_of_paid_orders(period).values(*SECTION, "item", "name")
    amount = Sum(F("unit_amount") * F("quantity"), output_field=BigIntegerField())
    found: QuerySet[Any, dict[str, Any]] = items.annotate(count_sum=Sum("quantity"), amount_sum=amount)
    return found


def lines_of_paid_orders(period: Period) -> QuerySet[Any]:
    """Each line once: an order has one payment that paid it."""
    paid_by = FilteredRelation("order__payments", condition=Q(order__payments__status="paid"))
    lines: QuerySet[Any] = OrderLine.objects.order_by().annotate(paid_by=paid_by)
    paid = lines.filter(order__paid_at__gte=period.start, order__paid_at__lt=period.end, paid_by__isnull=False)
    found: QuerySet[Any] = paid.annotate(
        section_account=F("paid_by__publishable_key"),
        section_livemode=F("paid_by__livemode"),
        section_currency=F("currency"),
    )
    return found
