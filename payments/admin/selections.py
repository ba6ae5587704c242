"""The items that were ticked in the list, or all that it found, on their way through the pages of an action."""

from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from payments.admin.long_lists import MOST_COUNTED
from payments.models import Item

# As many as the list counts: whoever chooses all of them has read how many they are.
MOST_AT_ONCE = MOST_COUNTED


def chosen(request: HttpRequest, queryset: QuerySet[Item], most: int = MOST_AT_ONCE) -> list[Item]:
    """In the order of their ids, as everybody takes them; empty, and said so, if they are too many."""
    items = list(queryset.order_by("pk")[: most + 1])
    if len(items) <= most:
        return items
    text = _("At most %(count)s items can be changed at once: choose fewer, for example by a filter.")
    messages.error(request, text % {"count": most})
    return []


def sealed(purpose: str, value: object) -> str:
    """What a page shows, to be sent back by it as it was shown."""
    return signing.dumps(value, salt=f"payments.admin {purpose}", compress=True)


def opened(purpose: str, text: str) -> object:
    """None for what no page of ours has sent."""
    try:
        value: object = signing.loads(text, salt=f"payments.admin {purpose}")
    except signing.BadSignature:
        return None
    return value


def step(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    """A page of an action. It remembers what the list showed, to lead back there."""
    common = {
        "title": title,
        "opts": Item._meta,
        "list_query": request.POST.get("list_query", request.GET.urlencode()),
    }
    return render(request, template, admin.site.each_context(request) | common | context)


def back_to_list(request: HttpRequest) -> HttpResponseRedirect:
    query = request.POST.get("list_query", "")
    address = reverse("admin:payments_item_changelist")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)
