"""What a spreadsheet would change, row by row; and the same again when it is saved."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tablib
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.template.defaultfilters import yesno
from django.utils.translation import gettext as _
from import_export.results import RowResult

from payments.admin.item_resource import COLUMNS, NEEDED, ROW, ItemResource
from payments.admin.new_prices import in_words
from payments.admin.spreadsheets import Table, Unreadable
from payments.models import Item

KINDS = {
    RowResult.IMPORT_TYPE_NEW: "new",
    RowResult.IMPORT_TYPE_UPDATE: "changed",
    RowResult.IMPORT_TYPE_SKIP: "unchanged",
    RowResult.IMPORT_TYPE_INVALID: "refused",
}


@dataclass(frozen=True)
class Change:
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    number: int
    kind: str
    name: str
    changes: list[Change]
    # By column; the empty one is for the whole row.
    problems: list[tuple[str, str]]
    item: Item | None
    original: Item | None


@dataclass(frozen=True)
class Plan:
    lines: list[Line]

    @cached_property
    def count(self) -> dict[str, int]:
        counted = Counter(line.kind for line in self.lines)
        return {kind: counted[kind] for kind in KINDS.values()}

    @property
    def good(self) -> int:
        return self.count["new"] + self.count["changed"]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.kind == "refused"]

    @property
    def accepted(self) -> list[Line]:
        return [line for line in self.lines if line.kind in ("new", "changed")]

    @property
    def stocks(self) -> int:
        """How many items get another stock."""
        changed = [line for line in self.lines if line.kind == "changed"]
        return sum(any(change.column == "stock" for change in line.changes) for line in changed)

    @property
    def digest(self) -> str:
        """Two plans that show the same have the same."""
        shown = [
            (line.number, line.kind, line.name, [(c.column, c.before, c.after) for c in line.changes], line.problems)
            for line in self.lines
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


@dataclass(frozen=True)
class Headings:
    """Which of the columns are there; raises Unreadable where nothing can be done without another."""

    known: list[str]
    unknown: list[str]
    missing: list[str]

    @classmethod
    def of(cls, table: Table) -> "Headings":
        known = [name for name in table.header if name in COLUMNS]
        missing = [name for name in COLUMNS if name not in known]
        twice = [name for name, count in Counter(known).items() if count > 1]
        needed = [name for name in NEEDED if name in missing]
        if twice:
            text = _("Several columns are called %(columns)s: leave one of them.")
            raise Unreadable(text % {"columns": listed(twice)})
        if "id" in missing and needed:
            text = _("The first row has to name the columns: %(columns)s. There is none called %(missing)s.")
            raise Unreadable(text % {"columns": listed(COLUMNS), "missing": listed(needed)})
        return cls(known, [name for name in table.header if name and name not in COLUMNS], missing)


def listed(names: list[str]) -> str:
    return ", ".join(names)


def plan_of(table: Table, request: HttpRequest, *, is_saving: bool = False, only_good: bool = False) -> Plan:
    """What is saved is locked before it is looked at. With `only_good` the other rows do not hinder these."""
    resource = ItemResource(
        may_add=request.user.has_perm("payments.add_item"),
        may_change=request.user.has_perm("payments.change_item"),
        is_saving=is_saving,
    )
    # To look takes no transaction, in which others could not write to SQLite: the resource saves nothing then.
    result = resource.import_data(
        dataset_of(table), use_transactions=is_saving, rollback_on_validation_errors=not only_good
    )
    for failure in [*result.base_errors, *(error for _row, errors in result.row_errors() for error in errors)]:
        raise failure.error
    return Plan([line_of(row, resource) for row in result.rows])


def dataset_of(table: Table) -> tablib.Dataset:
    places = {name: table.header.index(name) for name in Headings.of(table).known}
    dataset = tablib.Dataset(headers=[ROW, *places])
    for number, row in table.rows:
        # A row may end before its last columns.
        dataset.append([number, *(row[place] if place < len(row) else None for place in places.values())])
    return dataset


def line_of(row: RowResult, resource: ItemResource) -> Line:
    kind, item, original = KINDS[row.import_type], row.instance, row.original
    return Line(
        number=row.row_values[ROW],
        kind=kind,
        name=item.name if item else str(row.row_values.get("name") or ""),
        changes=changes_of(resource, item, original) if kind in ("new", "changed") else [],
        problems=problems_of(row),
        item=item,
        original=original,
    )


def problems_of(row: RowResult) -> list[tuple[str, str]]:
    if row.validation_error is None:
        return []
    by_column = row.validation_error.message_dict
    return [
        ("" if column == NON_FIELD_ERRORS else column, message)
        for column, found in by_column.items()
        for message in found
    ]


def changes_of(resource: ItemResource, item: Item, original: Item | None) -> list[Change]:
    """The name of a new one stands before them already."""
    found = []
    for column in COLUMNS if original else COLUMNS[2:]:
        after = shown(resource, column, item)
        before = shown(resource, column, original) if original else ""
        if after != before:
            found.append(Change(column, before, after))
    return found


def shown(resource: ItemResource, column: str, item: Item) -> str:
    if column in ("id", "currency"):
        # The one is not changed, the other stands beside the price.
        return ""
    if column == "price":
        return in_words(item.price)
    value: Any = resource.fields[column].get_value(item)
    return str(yesno(value)) if isinstance(value, bool) else "" if value is None else str(value)
