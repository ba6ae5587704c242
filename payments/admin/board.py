"""The owner's page: what each account took, gave back and kept, and whether its own books say the same."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from payments import books
from payments.admin.board_comparison import shown_comparison
from payments.admin.board_words import shown
from payments.board import spreadsheet
from payments.board.figures import Figures, figures_of
from payments.board.periods import NAMES, Period, named

USUAL = "30days"


class PeriodForm(forms.Form):
    period = forms.ChoiceField(choices=list(NAMES.items()), required=False)
    first = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("period") == "own" and not self.errors:
            self.check_dates(values.get("first"), values.get("last"))
        return values

    def check_dates(self, first: Any, last: Any) -> None:
        if not (first and last):
            raise ValidationError(_("Choose the first and the last day."))
        if last < first:
            raise ValidationError(_("The last day is before the first: choose it again."))
        if not Period(first, last).is_sound:
            raise ValidationError(_("Choose at most ten years, from 2000 on."))

    @property
    def name(self) -> str:
        return (self.is_valid() and self.cleaned_data["period"]) or USUAL

    @property
    def chosen(self) -> Period:
        """The usual one where nothing can be read."""
        if self.name == "own":
            return Period(self.cleaned_data["first"], self.cleaned_data["last"])
        return named(self.name)

    @property
    def query(self) -> str:
        period = self.chosen
        own = {"first": period.first.isoformat(), "last": period.last.isoformat()} if self.name == "own" else {}
        return urlencode({"period": self.name} | own)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Stripe is asked when its button is pressed, and never else."""
    if not request.user.has_perms(["payments.view_payment", "payments.view_order"]):
        raise PermissionDenied
    form = PeriodForm(request.GET)
    period = form.chosen
    found = figures_of(period)
    if request.GET.get("download") in spreadsheet.SHEETS:
        return download(request.GET["download"], found, period)
    return shown_page(request, form, found, compare(request, found, period) if request.method == "POST" else None)


def download(sheet: str, found: list[Figures], period: Period) -> HttpResponse:
    text = spreadsheet.as_csv(spreadsheet.SHEETS[sheet](found, period))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{sheet}-{period.first}-{period.last}.csv"'
    return response


def compare(request: HttpRequest, found: list[Figures], period: Period) -> dict[str, Any]:
    """By section; all of those that have an account, or the one whose button was pressed."""
    pressed = request.POST.get("section", "")
    sections = [figures.section for figures in found if figures.section.account]
    chosen = [section for section in sections if pressed in ("", section.name)]
    return {section.name: shown_comparison(books.compare(section, period)) for section in chosen}


def shown_page(
    request: HttpRequest, form: PeriodForm, found: list[Figures], comparisons: dict[str, Any] | None
) -> HttpResponse:
    period = form.chosen
    context = admin.site.each_context(request) | {
        "title": _("Board"),
        "form": form,
        "periods": [(name, label) for name, label in NAMES.items() if name != "own"],
        "chosen": form.name,
        "period": period,
        "query": form.query,
        "time_zone": timezone.get_current_timezone_name(),
        "sheets": list(spreadsheet.SHEETS),
        "sections": [
            shown(figures, period) | {"comparison": (comparisons or {}).get(figures.section.name)} for figures in found
        ],
    }
    return render(request, "admin/board.html", context)
