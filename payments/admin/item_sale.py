"""Items that are put on sale, or taken off, many at once."""

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payments.admin import history
from payments.admin.selections import chosen
from payments.models import Item


class OnAndOffSale(admin.ModelAdmin):
    @admin.action(description=gettext_lazy("Put on sale"), permissions=["change"])
    def put_on_sale(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        count = put(request, queryset, on_sale=True)
        if count:
            text = ngettext("%(count)s item was put on sale.", "%(count)s items were put on sale.", count)
            messages.success(request, text % {"count": count})

    @admin.action(description=gettext_lazy("Take off sale"), permissions=["change"])
    def take_off_sale(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        count = put(request, queryset, on_sale=False)
        if count:
            text = ngettext("%(count)s item was taken off sale.", "%(count)s items were taken off sale.", count)
            messages.success(request, text % {"count": count})


def put(request: HttpRequest, queryset: QuerySet[Item], *, on_sale: bool) -> int:
    """How many it were. The caller is in a transaction."""
    found = chosen(request, queryset.select_for_update())
    items = [item for item in found if item.on_sale is not on_sale]
    if not items:
        if found:
            messages.info(request, _("Nothing was changed: it was so already."))
        return 0
    Item.objects.filter(pk__in=[item.pk for item in items]).update(on_sale=on_sale, changed=timezone.now())
    message = history.changed([history.label("on_sale")])
    history.note(request, CHANGE, [(item, message) for item in items])
    return len(items)
