"""What was done to many items at once stands in the history of each: what, when, and by whom."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import label_for_field
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import override
from djmoney.money import Money

from payments.models import Item
from payments.money import price_decimals

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Message = list[dict[str, Any]]
ADDED: Message = [{"added": {}}]
COLUMNS = ["name", "description", "price", "picture", "on_sale", "stock"]
ROWS_AT_ONCE = 500


def note(request: HttpRequest, flag: int, changes: Iterable[tuple[Item, Message]]) -> None:
    content_type = ContentType.objects.get_for_model(Item)
    entries = [
        LogEntry(
            user=cast("User", request.user),
            content_type_id=content_type.pk,
            object_id=str(item.pk),
            object_repr=str(item)[:200],
            action_flag=flag,
            change_message=json.dumps(message),
        )
        for item, message in changes
    ]
    LogEntry.objects.bulk_create(entries, batch_size=ROWS_AT_ONCE)


def changed(fields: list[str]) -> Message:
    """Names of fields, which the admin translates for whoever reads the history."""
    return [{"changed": {"fields": fields}}]


def changed_fields(before: Item, after: Item) -> list[str]:
    names = [name for name in COLUMNS if getattr(before, name) != getattr(after, name)]
    return [price_change(before.price, after.price) if name == "price" else label(name) for name in names]


def label(name: str) -> str:
    """What a field is called in the history: in no language yet."""
    with override(None):
        return capfirst(str(label_for_field(name, Item)))


def price_change(before: Money, after: Money) -> str:
    return f"price from {shown(before)} to {shown(after)}"


def shown(price: Money) -> str:
    code = str(price.currency)
    return f"{round(price.amount, price_decimals(code))} {code}"
