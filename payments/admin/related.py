"""What belongs to something else: a form in which it is chosen, and stays what it is; a list that leads to it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Field, Model
from django.forms import Field as FormField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class ChoosesOnly:
    """What is chosen may be added, but is edited and deleted on its own page: others hang on it too."""

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> FormField | None:
        field: FormField | None = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_change_related = field.widget.can_delete_related = False
            # It would open in this very tab, and what was filled in be lost.
            field.widget.can_view_related = False
        return field


class LeadsToOrder:
    """For a list of what belongs to an order, or to a payment for one."""

    @admin.display(description=_("order"))
    def order_shown(self, record: Any) -> SafeString:
        return linked(getattr(record, "payment", record).order)


def linked(record: Model) -> SafeString:
    page = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(page, args=[record.pk]), record)
