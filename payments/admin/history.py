"""What was done to many items at once stands in the history of each: what, when, and by whom."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import label_for_field
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override
from djmoney.money import Money

from payments.models import Item
from payments.money import format_amount, price_decimals, to_minor_units

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Message = list[dict[str, Any]]
ADDED: Message = [{"added": {}}]
COLUMNS = ["name", "description", "price", "picture", "on_sale", "stock"]
ROWS_AT_ONCE = 500
# It is noted in English, as Django notes the names of fields.
PRICE_CHANGE = re.compile(r"price from ([0-9.]+) ([A-Z]{3}) to ([0-9.]+) ([A-Z]{3})")


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


def in_words(entry: LogEntry) -> LogEntry:
    """With its change of a price as the reader's language has it; Django translates the rest."""
    try:
        message = json.loads(entry.change_message)
        for part in message:
            fields = part["changed"]["fields"]
            fields[:] = [PRICE_CHANGE.sub(price_change_in_words, field) for field in fields]
    except (ValueError, TypeError, KeyError):
        # Another kind of entry, or plain text.
        return entry
    entry.change_message = json.dumps(message)
    return entry


def price_change_in_words(found: re.Match[str]) -> str:
    before, its_currency, after, currency = found.groups()
    values = {"before": written(before, its_currency), "after": written(after, currency)}
    return _("price from %(before)s to %(after)s") % values


def written(amount: str, currency: str) -> str:
    return format_amount(to_minor_units(Decimal(amount), currency), currency)
