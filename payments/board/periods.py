"""Periods to look at, in whole days of the shop's time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Func
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

DAY = timedelta(days=1)
# A chart with a bar for each day of more than a quarter cannot be read.
MOST_DAYS_BY_DAY = 92
MOST_DAYS = 3660
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)

NAMES = {
    "today": _("Today"),
    "7days": _("7 days"),
    "30days": _("30 days"),
    "month": _("This month"),
    "last_month": _("Last month"),
    "year": _("This year"),
    "own": _("Own dates"),
}


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both included."""

    first: date
    last: date

    @property
    def is_sound(self) -> bool:
        """Whether it can be looked at: somebody may have typed it."""
        return EARLIEST <= self.first <= self.last <= LATEST and (self.last - self.first).days < MOST_DAYS

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment that is over it."""
        return midnight(self.last + DAY)

    @property
    def is_by_month(self) -> bool:
        return (self.last - self.first).days >= MOST_DAYS_BY_DAY

    def bucket_of(self, moment: str) -> Func:
        """The first day of the bar that a time counts into, for the database."""
        truncate = TruncMonth if self.is_by_month else TruncDate
        return truncate(moment, tzinfo=timezone.get_current_timezone())

    @property
    def buckets(self) -> list[date]:
        return list(self.months() if self.is_by_month else self.days())

    def days(self) -> Iterator[date]:
        day = self.first
        while day <= self.last:
            yield day
            day += DAY

    def months(self) -> Iterator[date]:
        month = self.first.replace(day=1)
        while month <= self.last:
            yield month
            month = (month + 31 * DAY).replace(day=1)


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def named(name: str) -> Period:
    """The period of this name, but for `own`, as it is today."""
    today = timezone.localdate()
    this_month = today.replace(day=1)
    last_month = this_month - DAY
    periods = {
        "today": Period(today, today),
        "7days": Period(today - 6 * DAY, today),
        "30days": Period(today - 29 * DAY, today),
        "month": Period(this_month, today),
        "last_month": Period(last_month.replace(day=1), last_month),
        "year": Period(today.replace(month=1, day=1), today),
    }
    return periods[name]
