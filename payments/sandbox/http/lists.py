"""Lists as Stripe pages them: newest first, from a cursor on."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from payments.sandbox.http.encoding import Sent
from payments.sandbox.http.parameters import Hash, Integer, NotServed, Parameter, Text
from payments.sandbox.http.routing import Call
from payments.sandbox.store import JSON, newest_first

COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


class Created:
    """A moment, or a hash of its bounds."""

    required = False

    def read(self, sent: Sent, at: str) -> dict[str, int]:
        if isinstance(sent, str):
            moment = Integer().read(sent, at)
            return {"gte": moment, "lte": moment}
        return Hash(dict.fromkeys(COMPARISONS, Integer())).read(sent, at)


PAGE: dict[str, Parameter] = {
    "limit": Integer(least=1, most=100),
    "starting_after": Text(),
    "ending_before": NotServed(),
    "created": Created(),
}


def list_of(call: Call, type: str, url: str, params: JSON, keep: Callable[[JSON], bool]) -> JSON:
    """A page of the account's objects of this type, those that `keep` says yes to."""
    documents = newest_first(call.db, call.account, type, params.get("starting_after", ""))
    return page(url, filter(keep, within(documents, params.get("created", {}))), params.get("limit", 10))


def within(documents: Iterable[JSON], bounds: dict[str, int]) -> Iterable[JSON]:
    return (
        document
        for document in documents
        if all(COMPARISONS[name](document["created"], bound) for name, bound in bounds.items())
    )


def page(url: str, documents: Iterable[JSON], limit: int) -> JSON:
    data: list[Any] = list(islice(documents, limit + 1))
    return {"object": "list", "data": data[:limit], "has_more": len(data) > limit, "url": url}
