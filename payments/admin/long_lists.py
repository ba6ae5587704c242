"""Lists that stay quick however many rows there are: they are counted up to a limit, and filtered by what is known."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from payments.gateway.keys import every_keypair

# Nobody turns over more pages than these are: whoever looks for something older searches, or filters.
MOST_COUNTED = 2_000


class CappedPaginator(Paginator):
    object_list: QuerySet[Any]

    @cached_property
    def found(self) -> int:
        return self.object_list.order_by().values("pk")[: MOST_COUNTED + 1].count()

    @property
    def count(self) -> int:
        return min(self.found, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        return self.found > MOST_COUNTED


class LongChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Beside the field of the search stands how many it found: nothing, where nobody searched."""
        super().get_results(request)
        if not self.query:
            self.full_result_count = self.result_count


class LongList(admin.ModelAdmin):
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongChangeList

    @admin.display(description=_("created"))
    def created_short(self, record: Any) -> str:
        return short(record.created)


def short(moment: datetime) -> str:
    """In a list each row has one line."""
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")


class SeldomFilter(admin.ChoicesFieldListFilter):
    """By the values of a field that most rows have the usual value of; the others have an index of their own."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What is asked for is not the usual: said, so that SQLite sees that the index has all of it."""
        found: Any = super().queryset(request, queryset)
        if self.lookup_val and self.field.default not in self.lookup_val:
            found = found.exclude(**{self.field.name: self.field.default})
        return cast("QuerySet[Any]", found)


class CurrencyFilter(admin.SimpleListFilter):
    """By the currencies that have a keypair, without looking for those that occur."""

    title = _("currency")
    parameter_name = field = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.used_parameters.get(self.parameter_name, "")
        return [(code, code) for code in sorted({keypair.currency for keypair in every_keypair()} | {chosen}) if code]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class ModeFilter(admin.SimpleListFilter):
    """By test and live. Compared with a value: of a bare column SQLite does not see that an index has it."""

    title = _("live mode")
    parameter_name = "livemode"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Live")), ("0", _("Test"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(livemode__in=[self.value() == "1"]) if self.value() in ("0", "1") else queryset
