"""CSV and XLSX files: read within bounds, whatever they are, and written so that a spreadsheet computes nothing."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from payments.languages import cell_separator

MOST_BYTES = 1_000_000
MOST_BYTES_UNPACKED = 20_000_000
# What takes time and memory is not how long the text is, but how many cells stand in it.
MOST_TAGS = 600_000
# A text stands once in an XLSX file, in however many cells it is.
MOST_CHARACTERS = 10_000_000
MOST_ROWS = 5000
# Empty ones among them.
MOST_ROWS_READ = 100_000
MOST_COLUMNS = 50
ZIP = b"PK\x03\x04"
OLD_OR_LOCKED_EXCEL = b"\xd0\xcf\x11\xe0"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

Row = Sequence[Any]


class Unreadable(Exception):
    """Says in the clerk's words what to do with the file."""


@dataclass(frozen=True)
class Table:
    """The rows with the number that the spreadsheet shows beside them."""

    header: list[str]
    rows: list[tuple[int, Row]]


def read(content: bytes) -> Table:
    if len(content) > MOST_BYTES:
        text = _("The file is too large: send at most %(kilobytes)s kB at once.")
        raise Unreadable(text % {"kilobytes": MOST_BYTES // 1000})
    if content.startswith(OLD_OR_LOCKED_EXCEL):
        raise Unreadable(_("This is an old Excel file, or one with a password: save it as XLSX without a password."))
    return table_of(rows_of_xlsx(content) if content.startswith(ZIP) else rows_of_csv(content))


def table_of(rows: Iterable[Row]) -> Table:
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell not in (None, "") for cell in row)]
    if sum(len(cell) for _number, row in filled for cell in row if isinstance(cell, str)) > MOST_CHARACTERS:
        raise Unreadable(holds_too_much())
    if not filled:
        raise Unreadable(_("The file is empty."))
    header, *rest = filled
    if len(rest) > MOST_ROWS:
        raise Unreadable(_("The file has too many rows: send at most %(count)s at once.") % {"count": MOST_ROWS})
    return Table([heading(cell) for cell in header[1]], rest)


def heading(cell: Any) -> str:
    """On Sale is as good as on_sale."""
    return "_".join(str(cell if cell is not None else "").casefold().split())


def bounded(rows: Iterable[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows):
        if count == MOST_ROWS_READ:
            raise Unreadable(_("The file has too many rows: send at most %(count)s at once.") % {"count": MOST_ROWS})
        yield row[:MOST_COLUMNS]


# --- CSV ----------------------------------------------------------------------------------------------------------
def rows_of_csv(content: bytes) -> Iterator[Row]:
    text = text_of(content)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        yield from bounded(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise Unreadable(_("This is no CSV file that can be read: save it as XLSX, and send that.")) from None


def text_of(content: bytes) -> str:
    """Excel writes Unicode with a mark, or the alphabet of its Windows without one."""
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "")
    alphabet = "cp1251" if (get_language() or "").startswith("ru") else "cp1252"
    for encoding in [marked] if marked else ["utf-8", alphabet]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable(_("This is neither a CSV nor an XLSX file: save it as one of them, and send that."))


def written_csv(rows: Iterable[Row]) -> bytes:
    """As the spreadsheet of this language opens it by a double click."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=cell_separator()).writerows(rows)
    return file.getvalue().encode("utf-8-sig")


# --- XLSX ---------------------------------------------------------------------------------------------------------
def rows_of_xlsx(content: bytes) -> Iterator[Row]:
    """Of the sheet that was open when the file was saved."""
    try:
        require_small(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.active
        # Some programs write wrong ones.
        sheet.reset_dimensions()
        yield from bounded(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS))
    except Unreadable:
        raise
    # A broken file fails in as many ways as it can be broken.
    except Exception:  # noqa: BLE001
        raise Unreadable(_("This XLSX file is broken, or none: open it in a spreadsheet, and save it again.")) from None


def require_small(content: bytes) -> None:
    """Before anything is understood of it. No part unpacks to more than it says: the reader stops there."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        is_small = sum(part.file_size for part in parts) <= MOST_BYTES_UNPACKED
        if not is_small or sum(archive.read(part).count(b"<") for part in parts) > MOST_TAGS:
            raise Unreadable(holds_too_much())


def holds_too_much() -> str:
    text = _("The file holds too much: leave in one sheet with at most %(count)s rows, without pictures.")
    return text % {"count": MOST_ROWS}


def written_xlsx(rows: Iterable[Row]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Items"))
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGH", (8, 32, 48, 12, 10, 36, 10, 10), strict=True):
        sheet.column_dimensions[letter].width = width
    for number, row in enumerate(rows):
        sheet.append([cell_of(sheet, value, is_bold=not number) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cell_of(sheet: Any, value: Any, *, is_bold: bool) -> Any:
    if not is_bold and not isinstance(value, Decimal):
        return value
    cell = WriteOnlyCell(sheet, value)
    if is_bold:
        cell.font = Font(bold=True)
    else:
        # 19.10, not 19.1.
        cell.number_format = "0.00" if value.as_tuple().exponent else "0"
    return cell
