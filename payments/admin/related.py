"""A form in which something else is chosen, and stays what it is."""

from typing import Any

from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Field
from django.forms import Field as FormField
from django.http import HttpRequest


class ChoosesOnly:
    """What is chosen may be added, but is edited and deleted on its own page: others hang on it too."""

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> FormField | None:
        field: FormField | None = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_change_related = field.widget.can_delete_related = False
            # It would open in this very tab, and what was filled in be lost.
            field.widget.can_view_related = False
        return field
