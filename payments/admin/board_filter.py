"""The list of orders shows exactly those that a figure of the board counts, when it is opened from there."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from payments.admin.board_words import name_of
from payments.board.links import Counted, orders_of
from payments.models import Order


class CountedOnBoard(admin.SimpleListFilter):
    title = _("figure of the board")
    parameter_name = "counted"

    @cached_property
    def counted(self) -> Counted | None:
        try:
            return Counted.read(self.value() or "")
        except ValueError:
            return None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The figure that was followed; nothing to choose where none was."""
        return [(self.value() or "", name_of(self.counted))] if self.counted else []

    def has_output(self) -> bool:
        # Also with what cannot be read, so that it is refused and not taken for all orders.
        return self.value() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.counted is None:
            raise IncorrectLookupParameters
        return orders_of(self.counted, queryset)
