"""Texts found by how they begin, whatever their case, and by an index on either database."""

from typing import Any

from django.db.models import Func
from django.db.models.functions import Lower

LAST_CHARACTER = "\U0010ffff"


class InBytes(Func):
    """Compared byte by byte: where texts are sorted as people do, no index serves the beginning of one."""

    template = '%(expressions)s COLLATE "C"'
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s COLLATE BINARY", **context)


def beginning_with(rows: Any, field: str, text: str, *, most: int) -> Any:
    """At most so many whose field begins so. The model has an index of `InBytes(Lower(field))`.

    They come in the order of that index, from its end, so that of however many no more are read.
    """
    least = text.lower()
    found = rows.alias(beginning=InBytes(Lower(field)))
    return found.filter(beginning__gte=least, beginning__lt=least + LAST_CHARACTER).order_by("-beginning")[:most]
