"""What the board shows: each figure with its name, its orders and a few words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payments.board.charts import Bar, Chart, chart_of
from payments.board.figures import Figures
from payments.board.items import BestItem
from payments.board.links import Counted
from payments.board.periods import Period
from payments.money import format_amount, format_percent


@dataclass(frozen=True)
class Shown:
    label: str
    value: str
    link: str
    words: str
    is_main: bool = False


# By the name of the figure: what it is called, and in a few words what it is.
AMOUNTS = {
    "gross": (gettext_lazy("Gross"), gettext_lazy("What shoppers paid, taxes on top included")),
    "discounts": (gettext_lazy("Discounts"), gettext_lazy("What was given off in the paid and the free orders")),
    "taxes": (gettext_lazy("Taxes"), gettext_lazy("What the paid orders contain of taxes, included or on top")),
    "refunds": (gettext_lazy("Refunds"), gettext_lazy("What went back in this time, whichever order it was for")),
    "disputes": (gettext_lazy("Disputes"), gettext_lazy("What banks withdrew, less what they gave back")),
    "net": (gettext_lazy("Net"), gettext_lazy("Gross less refunds and disputes, before Stripe's fees")),
}

NAMES = {
    **{name: label for name, (label, _words) in AMOUNTS.items()},
    "orders": gettext_lazy("Orders"),
    "paid": gettext_lazy("Paid orders"),
    "free": gettext_lazy("Free orders"),
    "paid_twice": gettext_lazy("Paid twice"),
    "offered": gettext_lazy("Offered orders"),
    "offered_and_paid": gettext_lazy("Offered and paid orders"),
}


def shown(figures: Figures, period: Period) -> dict[str, Any]:
    """A section as its template shows it."""
    section = figures.section

    def amount(minor_units: int) -> str:
        return format_amount(minor_units, section.currency)

    chart = chart_of(figures, period)
    return {
        "section": section,
        "state": state_of(figures),
        "is_empty": figures.is_empty,
        "figures": list(figures_shown(figures, period, amount)),
        "chart": chart,
        "chart_words": words_of(chart, period, amount),
        "rows": [(day(bar.bucket, period), amount(bar.gross), amount(bar.refunds)) for bar in chart.bars],
        "bars": [(bar, bar_words(bar.bucket, bar.gross, bar.refunds, period, amount)) for bar in chart.bars],
        "ticks": [day(bar.bucket, period) for bar in ticks(chart)],
        "best": [
            (_("Best items by sum"), items_shown(figures.best_by_sum, figures, period, amount)),
            (_("Best items by count"), items_shown(figures.best_by_count, figures, period, amount)),
        ],
    }


def state_of(figures: Figures) -> str:
    section = figures.section
    if section.is_selling:
        return _("sells now")
    if not section.account:
        return _("no account sells in this currency any more")
    if section.keypair is None:
        return _("no keypair is of this account any more")
    return _("retired: it sells nothing any more")


def name_of(counted: Counted) -> str:
    """What the list of its orders says that it shows."""
    period = counted.period
    return _("%(figure)s in %(currency)s, %(first)s to %(last)s") % {
        "figure": counted.name if counted.figure == "item" else NAMES[counted.figure],
        "currency": counted.section.currency,
        "first": date_format(period.first, "DATE_FORMAT"),
        "last": date_format(period.last, "DATE_FORMAT"),
    }


def figures_shown(figures: Figures, period: Period, amount: Callable[[int], str]) -> Iterator[Shown]:
    def link(figure: str) -> str:
        return orders_page(Counted(figure, figures.section, period))

    for name, (label, words) in AMOUNTS.items():
        yield Shown(str(label), amount(getattr(figures, name)), link(name), str(words), name in ("gross", "net"))
    yield Shown(_("Orders"), str(figures.orders), link("orders"), free_words(figures))
    divided = _("What the paid orders came to, divided by their number")
    yield Shown(_("Average order"), amount(figures.average), link("paid"), divided)
    yield Shown(_("Offered"), str(figures.offered), link("offered"), _("Orders first offered for payment in this time"))
    share = "–" if figures.conversion is None else format_percent(figures.conversion)
    paid = _("Paid by now: %(paid)s of %(offered)s offered")
    counts = {"paid": figures.offered_and_paid, "offered": figures.offered}
    yield Shown(_("Conversion"), share, link("offered_and_paid"), paid % counts)
    if figures.payments_made_twice:
        refund = ngettext(
            "Part of gross: %(count)s payment for an order that was paid already. Refund it.",
            "Part of gross: %(count)s payments for orders that were paid already. Refund them.",
            figures.payments_made_twice,
        ) % {"count": figures.payments_made_twice}
        yield Shown(_("Paid twice"), amount(figures.paid_twice), link("paid_twice"), refund)


def free_words(figures: Figures) -> str:
    if not figures.free_orders:
        return _("Paid or complete in this time")
    return ngettext(
        "Paid or complete in this time; %(count)s of them was free",
        "Paid or complete in this time; %(count)s of them were free",
        figures.free_orders,
    ) % {"count": figures.free_orders}


def orders_page(counted: Counted) -> str:
    """The list of exactly the orders that are counted."""
    return f"{reverse('admin:payments_order_changelist')}?{urlencode({'counted': str(counted)})}"


def items_shown(
    items: list[BestItem], figures: Figures, period: Period, amount: Callable[[int], str]
) -> list[dict[str, Any]]:
    return [
        {
            "name": item.name,
            "count": item.count,
            "amount": amount(item.amount),
            "link": orders_page(Counted("item", figures.section, period, item.item_id, item.name)),
        }
        for item in items
    ]


def day(bucket: date, period: Period) -> str:
    return date_format(bucket, "YEAR_MONTH_FORMAT" if period.is_by_month else "DATE_FORMAT")


def bar_words(bucket: date, gross: int, refunds: int, period: Period, amount: Callable[[int], str]) -> str:
    facts = {"day": day(bucket, period), "gross": amount(gross), "refunds": amount(refunds)}
    return _("%(day)s: gross %(gross)s, refunds %(refunds)s") % facts


def ticks(chart: Chart) -> list[Bar]:
    """The first, the one in the middle, and the last, as far as there are so many."""
    last = len(chart.bars) - 1
    return [chart.bars[place] for place in sorted({0, last // 2, last})]


def words_of(chart: Chart, period: Period, amount: Callable[[int], str]) -> dict[str, str]:
    high, low = chart.highest, chart.lowest
    facts = {"day": day(high.bucket, period), "gross": amount(high.gross)}
    words = _("Most was paid on %(day)s: %(gross)s.") % facts
    if low.refunds > 0:
        facts = {"day": day(low.bucket, period), "refunds": amount(low.refunds)}
        words = f"{words} " + _("Most went back on %(day)s: %(refunds)s.") % facts
    return {"words": words, "high": amount(high.gross), "low": amount(-low.refunds) if low.refunds > 0 else ""}
