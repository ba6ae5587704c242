"""What pages show of items, read by statements that are compiled once: asking is most of what such a page costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

from payments.models.adjustments import Tax
from payments.models.catalog import Item

Model = TypeVar("Model", bound=models.Model)
Row = tuple[Any, ...]
# In the order in which the models have them: `from_db` takes no other.
ITEM = ("id", "name", "description", "currency", "price", "picture", "on_sale", "stock")
CARD = ("id", "name", "currency", "price", "picture", "on_sale", "stock")
TAX = ("id", "display_name", "percentage", "inclusive", "currencies")


@dataclass(frozen=True)
class ShownItem:
    """An item and the taxes that are put on its price. `rows` are all the values: where they are equal, pages are."""

    item: Item
    rows: tuple[Row, ...]

    @property
    def taxes(self) -> list[Tax]:
        taxes = [made_of(Tax, TAX, row[len(ITEM) :]) for row in self.rows if row[len(ITEM)] is not None]
        return [tax for tax in taxes if tax.is_for(self.item.currency)]


def item_shown(pk: int) -> ShownItem:
    """By one query. Raises Item.DoesNotExist."""
    rows = answered(item_and_taxes(), [pk]) if pk <= models.BigIntegerField.MAX_BIGINT else ()
    if not rows:
        raise Item.DoesNotExist
    return ShownItem(made_of(Item, ITEM, rows[0][: len(ITEM)]), rows)


@cache
def item_and_taxes() -> str:
    """A row for each tax that is put on orders by itself, and one without where there is none."""
    item, tax = Item._meta.db_table, Tax._meta.db_table
    return (
        f"SELECT {columns(Item, ITEM)}, {columns(Tax, TAX)} FROM {item}"  # noqa: S608  (names of our own)
        f" LEFT JOIN {tax} ON {tax}.active AND {tax}.automatic WHERE {item}.id = %s"
        f" ORDER BY {tax}.display_name, {tax}.percentage, {tax}.id"
    )


def cards_shown(currencies: Sequence[str], *, most: int, after: int | None, before: int | None) -> tuple[Row, ...]:
    """The values of so many items on sale, newest first, by one query: those that come `after` an item's id, or
    `before` it and next to it.
    """
    if not currencies:
        return ()
    border = before if before is not None else after
    direction = "up" if before is not None else "down" if after is not None else ""
    values: list[str | int] = [*currencies, *([border] if border is not None else []), most]
    rows = answered(items_on_sale(len(currencies), direction), values)
    return rows[::-1] if direction == "up" else rows


@cache
def items_on_sale(count_of_currencies: int, direction: str) -> str:
    item = Item._meta.db_table
    border = {"up": f" AND {item}.id > %s", "down": f" AND {item}.id < %s", "": ""}[direction]
    return (
        f"SELECT {columns(Item, CARD)} FROM {item} WHERE {item}.on_sale"  # noqa: S608  (names of our own)
        f" AND {item}.currency IN ({', '.join(['%s'] * count_of_currencies)}){border}"
        f" ORDER BY {item}.id {'ASC' if direction == 'up' else 'DESC'} LIMIT %s"
    )


def items_of(rows: Sequence[Row]) -> list[Item]:
    """What `cards_shown` read, as items that know what stands on a card."""
    return [made_of(Item, CARD, row) for row in rows]


def columns(model: type[models.Model], names: Sequence[str]) -> str:
    return ", ".join(f"{model._meta.db_table}.{name}" for name in names)


def answered(statement: str, values: Sequence[Any]) -> tuple[Row, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return tuple(map(tuple, cursor.fetchall()))


def made_of(model: type[Model], names: Sequence[str], row: Row) -> Model:
    """As the ORM makes one: a database has its own ways to say a Decimal or a boolean."""
    values = list(row)
    for place, expression, converters in converters_of(model, tuple(names), connection.vendor):
        for convert in converters:
            values[place] = convert(values[place], expression, connection)
    return model.from_db(connection.alias, names, values)


@cache
def converters_of(model: type[models.Model], names: tuple[str, ...], vendor: str) -> list[tuple[int, Any, list[Any]]]:
    """https://docs.djangoproject.com/en/5.2/ref/models/expressions/#django.db.models.Expression.get_db_converters"""
    found = []
    for place, name in enumerate(names):
        expression = model._meta.get_field(name).get_col(model._meta.db_table)  # type: ignore[union-attr]
        converters = connection.ops.get_db_converters(expression) + expression.get_db_converters(connection)
        if converters:
            found.append((place, expression, converters))
    return found
