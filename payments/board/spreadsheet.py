"""The figures for a spreadsheet: exact decimals, with their currency in a column of its own."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from django.utils.translation import gettext as _

from payments import money
from payments.board.figures import Figures
from payments.board.periods import Period
from payments.languages import cell_separator, decimal_separator

Row = Sequence[Any]
# With it, spreadsheets read UTF-8 as such.
BYTE_ORDER_MARK = "\ufeff"
BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def of_figures(found: Iterable[Figures], period: Period) -> Iterator[Row]:
    """A row for each account and currency."""
    yield [
        *head(),
        *(_("Gross"), _("Discounts"), _("Taxes"), _("Refunds"), _("Disputes"), _("Net"), _("Paid twice")),
        *(_("Orders"), _("Free orders"), _("Average order"), _("Offered"), _("Offered and paid")),
    ]
    for figures in found:
        amounts = (figures.gross, figures.discounts, figures.taxes, figures.refunds, figures.disputes, figures.net)
        yield [
            *beginning(figures, period),
            *(exact(amount, figures) for amount in (*amounts, figures.paid_twice)),
            *(figures.orders, figures.free_orders, exact(figures.average, figures)),
            *(figures.offered, figures.offered_and_paid),
        ]


def of_days(found: Iterable[Figures], period: Period) -> Iterator[Row]:
    """A row for each account, currency and day; for each month in a long period."""
    yield [*head(), _("Month") if period.is_by_month else _("Day"), _("Gross"), _("Refunds")]
    for figures in found:
        for bucket in period.buckets:
            amounts = figures.gross_of.get(bucket, 0), figures.refunds_of.get(bucket, 0)
            yield [*beginning(figures, period), bucket, *(exact(amount, figures) for amount in amounts)]


def of_items(found: Iterable[Figures], period: Period) -> Iterator[Row]:
    """The best items of each account and currency, by either measure."""
    yield [*head(), _("Item"), _("Name"), _("Sold"), _("Sum")]
    for figures in found:
        for item in dict.fromkeys([*figures.best_by_sum, *figures.best_by_count]):
            yield [*beginning(figures, period), item.item_id, item.name, item.count, exact(item.amount, figures)]


SHEETS: dict[str, Callable[[Iterable[Figures], Period], Iterator[Row]]] = {
    "figures": of_figures,
    "days": of_days,
    "items": of_items,
}


def head() -> Row:
    return [_("Account"), _("Mode"), _("Currency"), _("From"), _("To")]


def beginning(figures: Figures, period: Period) -> Row:
    section = figures.section
    return [section.account, "live" if section.livemode else "test", section.currency, period.first, period.last]


def exact(amount: int, figures: Figures) -> Decimal:
    return Decimal(amount).scaleb(-money.minor_unit_decimals(figures.section.currency))


def as_csv(rows: Iterable[Row]) -> str:
    written = StringIO()
    written.write(BYTE_ORDER_MARK)
    csv.writer(written, delimiter=cell_separator()).writerows([[cell(value) for value in row] for row in rows])
    return written.getvalue()


def cell(value: Any) -> str:
    """A text that a spreadsheet would take for a formula stays a text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", decimal_separator())
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(BEGIN_FORMULAS) else text
