"""`expand`: ids in a response replaced by the objects they name."""

import sqlite3
from typing import Any

from payments.sandbox.errors import ApiError, invalid
from payments.sandbox.store import JSON, find, public

DEEPEST = 4


def expand(db: sqlite3.Connection, account: str, document: JSON, paths: list[str]) -> JSON:
    """The document as the caller sees it. A field kept as `_name` is shown as `name` only when asked for."""
    shown = public(document)
    if document.get("object") == "list":
        below = [path.removeprefix("data.") for path in paths]
        return shown | {"data": [expand(db, account, item, below) for item in document["data"]]}
    for name, deeper in by_name(paths).items():
        shown[name] = expanded(db, account, document, name, deeper)
    return shown


def by_name(paths: list[str]) -> dict[str, list[str]]:
    """What is asked for below each field, so that two paths through one field expand both."""
    names: dict[str, list[str]] = {}
    for path in paths:
        name, _, deeper = path.partition(".")
        if path.count(".") >= DEEPEST:
            raise not_expandable(path)
        names.setdefault(name, []).extend([deeper] if deeper else [])
    return names


def expanded(db: sqlite3.Connection, account: str, document: JSON, name: str, deeper: list[str]) -> Any:
    value = document.get(f"_{name}", document.get(name))
    if isinstance(value, str) and name != "id":
        value = find(db, account, value)
        expandable = value is not None
    else:
        within = bool(deeper) and holds_fields(value)
        expandable = f"_{name}" in document or (name in document and (value is None or within))
    if not expandable:
        raise not_expandable(".".join([name, *deeper[:1]]))
    if isinstance(value, list):
        return [expand(db, account, item, deeper) for item in value]
    return None if value is None else expand(db, account, value, deeper)


def holds_fields(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def not_expandable(path: str) -> ApiError:
    return invalid("expand", f"This property cannot be expanded ({path}).")
