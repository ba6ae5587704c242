"""Items from a spreadsheet: shown before anything is saved, and saved as shown."""

import uuid
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payments.admin import history
from payments.admin.import_plan import Headings, Plan, plan_of
from payments.admin.item_resource import COLUMNS, NEEDED
from payments.admin.selections import back_to_list, step
from payments.admin.spreadsheets import MOST_BYTES, MOST_ROWS, Table, Unreadable, read
from payments.gateway.keys import currencies
from payments.models import Upload

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TEMPLATE = "admin/payments/item/import.html"
# More rows make no page that is read: those with errors are all shown.
MOST_SHOWN = 500


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Spreadsheet"),
        widget=forms.FileInput({"accept": ".csv,.xlsx"}),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("The file is empty.")},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.content = file.read()
            self.table = read(self.content)
            Headings.of(self.table)
        except Unreadable as error:
            raise ValidationError(str(error)) from None
        return file


class Imports(admin.ModelAdmin):
    def has_import_permission(self, request: HttpRequest) -> bool:
        """It shows what items are before it changes them."""
        may_save = self.has_add_permission(request) or self.has_change_permission(request)
        return may_save and self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_import = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, {**may_import, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("import/", self.admin_site.admin_view(self.import_items), name="item-import"),
            path("import/save/", self.admin_site.admin_view(self.save_import), name="item-import-save"),
        ]
        return [*pages, *super().get_urls()]

    def import_items(self, request: HttpRequest) -> HttpResponse:
        self.require_import_permission(request)
        is_sent = request.method == "POST"
        form = FileForm(request.POST, request.FILES) if is_sent else FileForm()
        if not (is_sent and form.is_valid()):
            return page(request, form=form)
        plan = plan_of(form.table, request)
        return preview(request, plan, form.table, upload=keep(request, form) if plan.good else None)

    def save_import(self, request: HttpRequest) -> HttpResponse:
        self.require_import_permission(request)
        upload = uploaded(request)
        if upload is None:
            text = _(
                "This file was imported already, is older than a day, or you have sent many others since: "
                "choose it again."
            )
            messages.warning(request, text)
            return HttpResponseRedirect(reverse("admin:item-import"))
        table = read(bytes(upload.content))
        only_good = "only_good" in request.POST
        with transaction.atomic():
            plan = plan_of(table, request, is_saving=True, only_good=only_good)
            is_as_shown = plan.digest == request.POST.get("digest") and (only_good or not plan.refused)
            # Whoever is first takes it away.
            is_ours = is_as_shown and bool(Upload.objects.filter(pk=upload.pk).delete()[0])
            if is_ours:
                note(request, plan)
            else:
                transaction.set_rollback(True)
        if is_ours:
            return saved(request, plan)
        return preview(request, plan, table, upload=upload, is_another=True)

    def require_import_permission(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied


def keep(request: HttpRequest, form: FileForm) -> Upload:
    name = form.cleaned_data["file"].name or ""
    return Upload.objects.keep(cast("User", request.user), name=name, content=form.content)


def uploaded(request: HttpRequest) -> Upload | None:
    try:
        key = uuid.UUID(request.POST.get("upload", ""))
    except ValueError:
        return None
    return Upload.objects.filter(pk=key, user=cast("User", request.user)).first()


def note(request: HttpRequest, plan: Plan) -> None:
    added = [(line.item, history.ADDED) for line in plan.accepted if line.item and not line.original]
    changed = [
        (line.item, history.changed(history.changed_fields(line.original, line.item)))
        for line in plan.accepted
        if line.item and line.original
    ]
    history.note(request, ADDITION, added)
    history.note(request, CHANGE, changed)


def preview(
    request: HttpRequest, plan: Plan, table: Table, *, upload: Upload | None, is_another: bool = False
) -> HttpResponse:
    headings = Headings.of(table)
    context = {"plan": plan, "headings": headings, "upload": upload, "is_another": is_another, "form": FileForm()}
    return page(request, **context)


def saved(request: HttpRequest, plan: Plan) -> HttpResponse:
    if plan.refused:
        return page(request, plan=plan, is_done=True, form=FileForm())
    text = ngettext("%(count)s item was imported.", "%(count)s items were imported.", plan.good)
    messages.success(request, text % {"count": plan.good})
    return back_to_list(request)


def page(request: HttpRequest, **context: Any) -> HttpResponse:
    plan = context.get("plan")
    bounds = {
        "kilobytes": MOST_BYTES // 1000,
        "most_rows": MOST_ROWS,
        "columns": COLUMNS,
        "needed": ", ".join(NEEDED),
        "currencies": ", ".join(currencies()),
    }
    shown = {"lines": plan.accepted[:MOST_SHOWN], "unshown": max(0, plan.good - MOST_SHOWN)} if plan else {}
    return step(request, TEMPLATE, _("Import items"), bounds | shown | context)
