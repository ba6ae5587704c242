"""`expand`: ids in a response replaced by the objects they name."""

import sqlite3

from payments.sandbox.errors import invalid
from payments.sandbox.store import JSON, find, public

DEEPEST = 4


def expand(db: sqlite3.Connection, account: str, document: JSON, paths: list[str]) -> JSON:
    """The document as the caller sees it. A field kept as `_name` is shown as `name` only when asked for."""
    shown = public(document)
    if document["object"] == "list":
        below = [path.removeprefix("data.") for path in paths]
        return shown | {"data": [expand(db, account, item, below) for item in document["data"]]}
    for path in paths:
        name, _, deeper = path.partition(".")
        shown[name] = expanded(db, account, document, path, [deeper] if deeper else [])
    return shown


def expanded(db: sqlite3.Connection, account: str, document: JSON, path: str, deeper: list[str]) -> JSON | None:
    name = path.partition(".")[0]
    value = document.get(f"_{name}", document.get(name))
    if isinstance(value, str) and name != "id":
        value = find(db, account, value)
        expandable = value is not None
    else:
        expandable = f"_{name}" in document or (name in document and value is None)
    if not expandable or path.count(".") >= DEEPEST:
        raise invalid("expand", f"This property cannot be expanded ({path}).")
    return expand(db, account, value, deeper) if value else None
