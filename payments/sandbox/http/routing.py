"""A call as a handler sees it, and the way from a method and a path to the handler."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from payments.sandbox.errors import unrecognized_url
from payments.sandbox.http.encoding import Sent
from payments.sandbox.http.parameters import Hash, Parameter
from payments.sandbox.store import JSON


@dataclass(frozen=True)
class Call:
    """One request to the API, with its transaction: read-only for GET."""

    db: sqlite3.Connection
    account: str
    id: str
    sent: dict[str, Sent]
    request_id: str
    idempotency_key: str | None

    def read(self, parameters: Mapping[str, Parameter]) -> JSON:
        """The parameters that were sent, as their types; refuses whatever is not named here."""
        return Hash(parameters).read(self.sent, "")


Handler: TypeAlias = Callable[[Call], JSON]
Routes: TypeAlias = dict[tuple[str, str], Handler]


def resolve(routes: Routes, method: str, path: str) -> tuple[Handler, str]:
    """The handler of the path, and what stands in it for `{id}`."""
    for (routed_method, pattern), handler in routes.items():
        id = match(pattern, path)
        if routed_method == method and id is not None:
            return handler, id
    raise unrecognized_url(method, path)


def match(pattern: str, path: str) -> str | None:
    before, placeholder, after = pattern.partition("{id}")
    if not placeholder:
        return "" if path == pattern else None
    id = path.removeprefix(before).removesuffix(after)
    matches = path == f"{before}{id}{after}" and id and "/" not in id
    return unquote(id) if matches else None
