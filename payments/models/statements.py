"""Statements that are compiled once: to compile one costs the ORM more than it costs the database to answer.

For what every buy does. A condition is SQL that both databases read alike, with %s for each value.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.transaction import TransactionManagementError

from payments.models.shown import Model, made_of


def insert(row: models.Model, *, unless_there: bool = False) -> bool:
    """Write a new row as `save` does; False, and nothing is written, if another has what only one may have."""
    fields = fields_written(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(insertion(type(row), unless_there), values)
        written = cursor.fetchone()
    if written:
        (row.pk,) = written
        row._state.adding, row._state.db = False, connection.alias
    return bool(written)


@cache
def insertion(model: type[models.Model], unless_there: bool) -> str:
    fields = fields_written(model)
    columns, values = ", ".join(field.column for field in fields), ", ".join(["%s"] * len(fields))
    conflict = "ON CONFLICT DO NOTHING " if unless_there else ""
    key = model._meta.pk.column
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({values}) {conflict}RETURNING {key}"  # noqa: S608


@cache
def fields_written(model: type[models.Model]) -> list[Any]:
    """All but a number that the database gives."""
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


def found(model: type[Model], condition: str, values: Sequence[Any] = (), *, locked: bool = False) -> list[Model]:
    """The rows for which it is true; `locked` until the caller's transaction ends, so there must be one."""
    if locked and not connection.in_atomic_block:
        raise TransactionManagementError("Outside of a transaction nothing stays locked.")
    with connection.cursor() as cursor:
        cursor.execute(selection(model, condition, locked, connection.vendor), values)
        rows = cursor.fetchall()
    return [made_of(model, names_of(model), row) for row in rows]


def one(model: type[Model], pk: int, *, locked: bool = False) -> Model:
    """Raises DoesNotExist."""
    rows = found(model, "id = %s", [pk], locked=locked) if pk <= models.BigIntegerField.MAX_BIGINT else []
    if not rows:
        raise model.DoesNotExist  # type: ignore[attr-defined]
    return rows[0]


@cache
def selection(model: type[models.Model], condition: str, locked: bool, vendor: str) -> str:
    """With SQLite who writes has locked all there is."""
    columns = ", ".join(str(field.column) for field in model._meta.concrete_fields)
    lock = " FOR UPDATE" if locked and vendor != "sqlite" else ""
    return f"SELECT {columns} FROM {model._meta.db_table} WHERE {condition}{lock}"  # noqa: S608  (names of our own)


@cache
def names_of(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def update(model: type[models.Model], values: dict[str, Any], condition: str, of: Sequence[Any]) -> int:
    """How many rows were changed: those for which the condition is true."""
    fields: list[Any] = [model._meta.get_field(name) for name in values]
    changes = ", ".join(f"{field.column} = %s" for field in fields)
    prepared = [field.get_db_prep_save(value, connection) for field, value in zip(fields, values.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {changes} WHERE {condition}", [*prepared, *of])  # noqa: S608
        return int(cursor.rowcount)
