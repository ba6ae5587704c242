"""The catalogues of translations: what keeps one from being released, and how it is compiled."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PLACEHOLDER = re.compile(r"%\((\w+)\)")
# As Babel has them: a text, or one for each form that a number asks for.
Texts: TypeAlias = str | list[str] | tuple[str, ...] | None


def catalogues_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/LC_MESSAGES/*.po"))


def compiled(po: Path) -> bytes:
    """By Babel, so that nobody needs gettext to run the shop, and every machine makes the same bytes of it."""
    catalog = catalog_of(po)
    # Otherwise it would be the time of compiling.
    catalog.creation_date = LONG_AGO
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def catalog_of(po: Path) -> Catalog:
    with po.open("rb") as file:
        return read_po(file)


def compile_into_place(po: Path) -> None:
    po.with_suffix(".mo").write_bytes(compiled(po))


def problems_of(po: Path) -> Iterator[str]:
    """What somebody has to do before it can be released, a line for each text."""
    catalog = catalog_of(po)
    for message in catalog:
        if message.id:
            yield from (f"{problem}: {first(message.id)}" for problem in problems_of_text(message, catalog.num_plurals))
    yield from (f"no longer in the code: {first(message)}" for message in catalog.obsolete)
    mo = po.with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != compiled(po):
        yield f"{mo.name} does not agree with it"


def first(texts: Texts) -> str:
    return forms_of(texts)[0]


def problems_of_text(message: Message, plurals: int) -> Iterator[str]:
    forms = forms_of(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(forms) or len(forms) < (plurals if message.pluralizable else 1):
        yield "not translated"
    elif not all(has_placeholders(form, forms_of(message.id)) for form in forms):
        yield "other placeholders than in English"


def forms_of(texts: Texts) -> tuple[str, ...]:
    return tuple(texts) if isinstance(texts, list | tuple) else (texts or "",)


def has_placeholders(form: str, english: tuple[str, ...]) -> bool:
    """At least those of the English singular, which may leave out the number, and none that English has not."""
    needed, known = names_in(english[0]), names_in(english[-1])
    return needed <= names_in(form) <= known


def names_in(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))
