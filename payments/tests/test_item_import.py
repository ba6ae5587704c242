"""A clerk brings items from a spreadsheet, and sees beforehand what that does."""

import csv
import io
import struct
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from djmoney.money import Money
from openpyxl import Workbook, load_workbook

from payments.admin.spreadsheets import MOST_BYTES, MOST_ROWS
from payments.models import Item, Upload
from payments.models.uploads import MOST_OF_USER
from payments.reconciliation import reconcile
from payments.tests.filled_in import filled_in

IMPORT = "/admin/payments/item/import/"
SAVE = "/admin/payments/item/import/save/"
LIST = "/admin/payments/item/"
HEADER = ["id", "name", "description", "price", "currency", "picture", "on_sale", "stock"]
Rows = list[list[Any]]


def csv_file(rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode(encoding)


def xlsx_file(rows: Rows) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def send(client: Client, content: bytes, name: str = "items.csv") -> Any:
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content)})


def speak(client: Client, language: str, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ru", "Русский")]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language


def send_rows(client: Client, *rows: list[Any], header: list[str] = HEADER) -> Any:
    return send(client, xlsx_file([header, *rows]))


def save(client: Client, page: Any, **button: str) -> Any:
    return client.post(SAVE, filled_in(page, "save-form") | button, follow=True)


def mug(name: str = "Mug", price: Any = "19.00", currency: str = "USD", **values: Any) -> list[Any]:
    row = {"id": "", "name": name, "price": price, "currency": currency, **values}
    return [row.get(column, "") for column in HEADER]


def problems(page: Any) -> list[tuple[int, str, str]]:
    """The row of the spreadsheet, the column, and what the page says about it."""
    return [
        (line.number, column, message) for line in page.context["plan"].refused for column, message in line.problems
    ]


def problem(client: Client, *row: Any) -> str:
    """What is wrong with the only row."""
    ((number, column, message),) = problems(send_rows(client, list(row)))
    assert number == 2
    return f"{column}: {message}"


def counts(page: Any) -> dict[str, int]:
    return {kind: count for kind, count in page.context["plan"].count.items() if count}


def file_error(page: Any) -> str:
    (message,) = page.context["form"].errors["file"]
    return str(message)


# --- The story ----------------------------------------------------------------------------------------------------
def twenty(format_of: Any, **corrected: Any) -> bytes:
    rows = [mug(f"Mug {number}", f"{number}.50", "EUR", stock=number, on_sale="no") for number in range(1, 21)]
    wrong = {"price": "12,5o", "currency": "GBP"} | corrected
    rows[6][3], rows[14][4] = wrong["price"], wrong["currency"]
    content: bytes = format_of([HEADER, *rows])
    return content


@pytest.mark.parametrize("format_of", [csv_file, xlsx_file])
def test_twenty_items_with_two_errors_are_corrected_and_imported(
    admin_client: Client, admin_user: User, db: None, format_of: Any
) -> None:
    page = send(admin_client, twenty(format_of))
    assert counts(page) == {"new": 18, "refused": 2}
    assert problems(page) == [
        (8, "price", "“12,5o” is not a price: write a number alone, such as 19.00."),
        (16, "currency", "The shop takes no payments in GBP: choose one of EUR, JPY, USD."),
    ]
    assert not Item.objects.exists()
    page = send(admin_client, twenty(format_of, price="12,50", currency="EUR"))
    assert counts(page) == {"new": 20}
    done = save(admin_client, page)
    assert "20 items were imported." in done.content.decode()
    item = Item.objects.get(name="Mug 7")
    assert (item.price, item.stock, item.on_sale) == (Money(Decimal("12.50"), "EUR"), 7, False)
    assert set(LogEntry.objects.values_list("user", "action_flag")) == {(admin_user.pk, ADDITION)}
    assert LogEntry.objects.count() == 20


def test_the_good_rows_are_imported_and_the_corrected_ones_later_by_the_same_file(
    admin_client: Client, db: None
) -> None:
    page = send(admin_client, twenty(xlsx_file))
    assert "Import the 18 items without errors" in page.content.decode()
    done = save(admin_client, page, only_good="")
    assert "18 items were imported." in done.content.decode()
    assert [line.number for line in done.context["plan"].refused] == [8, 16]
    page = send(admin_client, twenty(xlsx_file, price=7.5, currency="EUR"))
    assert counts(page) == {"new": 2, "refused": 18}
    assert "There is an item of this name in EUR already: write its id" in problems(page)[0][2]
    save(admin_client, page, only_good="")
    assert Item.objects.count() == 20


def test_nothing_is_saved_while_a_row_has_an_error(admin_client: Client, db: None) -> None:
    form = filled_in(send(admin_client, twenty(xlsx_file)), "save-form")
    admin_client.post(SAVE, form)
    assert not Item.objects.exists()
    assert not LogEntry.objects.exists()


# --- What is new, changed, and unchanged --------------------------------------------------------------------------
def test_an_item_is_changed_by_its_id_and_only_where_the_file_says_so(
    admin_client: Client, admin_user: User, usd_mug: Item, eur_mug: Item
) -> None:
    Item.objects.update(stock=5)
    header = ["id", "price", "on_sale"]
    page = send_rows(admin_client, [usd_mug.pk, 21.5, False], [eur_mug.pk, 17.5, ""], header=header)
    assert counts(page) == {"changed": 1, "unchanged": 1}
    changes = {change.column: (change.before, change.after) for change in page.context["lines"][0].changes}
    assert changes == {"price": ("USD\xa019.00", "USD\xa021.50"), "on_sale": ("yes", "no")}
    save(admin_client, page)
    usd_mug.refresh_from_db()
    assert (usd_mug.price, usd_mug.on_sale, usd_mug.stock) == (Money(Decimal("21.50"), "USD"), False, 5)
    assert (usd_mug.name, usd_mug.description) == ("Stoneware Mug", "Holds tea.")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.action_flag) == (admin_user, str(usd_mug.pk), CHANGE)
    assert entry.get_change_message() == "Changed price from 19.00 USD to 21.50 USD and On sale."


def test_what_is_so_already_is_not_written(admin_client: Client, usd_mug: Item) -> None:
    page = send_rows(admin_client, mug("Stoneware Mug", 19, id=usd_mug.pk, description="Holds tea."))
    assert counts(page) == {"unchanged": 1}
    assert "all is so already" in page.content.decode()
    assert "save-form" not in page.content.decode()
    assert not Upload.objects.exists()


def test_a_stock_that_would_be_overwritten_is_said(admin_client: Client, usd_mug: Item) -> None:
    Item.objects.update(stock=2)
    page = send_rows(admin_client, [usd_mug.pk, 5], header=["id", "stock"])
    assert "The stock of 1 item becomes what the file says" in page.content.decode()
    save(admin_client, page)
    assert Item.objects.get().stock == 5


def test_what_became_another_since_it_was_shown_is_shown_again(admin_client: Client, usd_mug: Item) -> None:
    page = send_rows(admin_client, [usd_mug.pk, 21], header=["id", "price"])
    Item.objects.update(price=Decimal(25))
    again = save(admin_client, page)
    assert "meanwhile something was changed in the shop" in again.content.decode()
    assert Item.objects.get().price.amount == 25
    save(admin_client, again)
    assert Item.objects.get().price.amount == 21


def test_what_was_sold_meanwhile_is_no_hindrance_where_the_file_leaves_the_stock(
    admin_client: Client, usd_mug: Item
) -> None:
    Item.objects.update(stock=5)
    page = send_rows(admin_client, [usd_mug.pk, 21], header=["id", "price"])
    Item.objects.update(stock=2)
    save(admin_client, page)
    item = Item.objects.get()
    assert (item.price.amount, item.stock) == (21, 2)


def test_a_file_is_imported_once_however_often_the_button_is_pressed(admin_client: Client, db: None) -> None:
    page = send_rows(admin_client, mug())
    save(admin_client, page)
    again = save(admin_client, page)
    assert "This file was imported already" in again.content.decode()
    assert Item.objects.count() == 1


def test_what_was_not_confirmed_is_forgotten_after_a_day(admin_client: Client, db: None) -> None:
    page = send_rows(admin_client, mug())
    Upload.objects.update(created=timezone.now() - timedelta(days=1, minutes=1))
    send_rows(admin_client, mug())
    assert Upload.objects.count() == 1
    assert "older than a day" in save(admin_client, page).content.decode()


def test_the_clock_forgets_it_as_well(admin_client: Client, db: None) -> None:
    send_rows(admin_client, mug())
    list(reconcile())
    assert Upload.objects.count() == 1
    Upload.objects.update(created=timezone.now() - timedelta(days=1, minutes=1))
    list(reconcile())
    assert not Upload.objects.exists()


def test_of_what_one_clerk_sends_the_newest_files_wait_and_no_others(admin_client: Client, db: None) -> None:
    colleague = clerk("add_item")
    theirs = send(colleague, csv_file([HEADER, mug("Theirs")]))
    pages = [send(admin_client, csv_file([HEADER, mug(f"Mug {number}")])) for number in range(MOST_OF_USER + 1)]
    assert Upload.objects.count() == MOST_OF_USER + 1
    assert "you have sent many others since" in save(admin_client, pages[0]).content.decode()
    for client, page in ((admin_client, pages[1]), (admin_client, pages[-1]), (colleague, theirs)):
        save(client, page)
    assert sorted(item.name for item in Item.objects.all()) == ["Mug 1", f"Mug {MOST_OF_USER}", "Theirs"]


def test_nobody_confirms_the_file_of_somebody_else(admin_client: Client, db: None) -> None:
    form = filled_in(send_rows(admin_client, mug()), "save-form")
    other = Client()
    other.force_login(User.objects.create_superuser("other"))
    assert other.post(SAVE, form).status_code == 302
    assert not Item.objects.exists()


@pytest.mark.parametrize("upload", ["", "x", "6b1f0a52-0000-4000-8000-000000000000"])
def test_a_file_that_never_was_is_asked_for_again(admin_client: Client, db: None, upload: str) -> None:
    assert admin_client.post(SAVE, {"upload": upload, "digest": "x"})["Location"] == IMPORT
    assert admin_client.get(SAVE)["Location"] == IMPORT


# --- Cells, as people write them ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "currency", "price"),
    [
        ("19.00", "USD", "19.00"),
        ("19,00", "EUR", "19.00"),
        (" 19,5 ", "EUR", "19.50"),
        ("1,234.50", "USD", "1234.50"),
        ("1.234,50", "EUR", "1234.50"),
        ("1 234,50", "EUR", "1234.50"),
        ("1\u202f234,50", "EUR", "1234.50"),
        ("1'234.50", "USD", "1234.50"),
        ("2800", "JPY", "2800"),
        ("2800,00", "JPY", "2800"),
        (19, "USD", "19.00"),
        (19.1, "USD", "19.10"),
        (0.57, "USD", "0.57"),
        (1234.0, "JPY", "1234"),
        ("0.50", "usd", "0.50"),
    ],
)
def test_a_price_is_read_as_it_is_written(
    admin_client: Client, db: None, written: Any, currency: str, price: str
) -> None:
    save(admin_client, send_rows(admin_client, mug(price=written, currency=currency)))
    assert Item.objects.get().price == Money(Decimal(price), currency.upper())


@pytest.mark.parametrize(
    ("written", "currency", "message"),
    [
        ("", "USD", "Write a price."),
        ("nineteen", "USD", "“nineteen” is not a price"),
        ("$19", "USD", "“$19” is not a price"),
        ("19 00", "USD", "“19 00” is not a price"),
        ("1,23,4", "USD", "“1,23,4” is not a price"),
        ("1e3", "USD", "“1e3” is not a price"),
        ("NaN", "USD", "“NaN” is not a price"),
        (True, "USD", "“True” is not a price"),
        ("#REF!", "USD", "“#REF!” is not a price"),
        (date(2026, 5, 1), "EUR", "The spreadsheet made a date of this price"),
        ("1.234", "EUR", "“1.234” could be two prices: write it without a mark for thousands, such as 1234."),
        ("19.9999", "USD", "A price in USD has at most 2 decimals"),
        (19.955, "USD", "A price in USD has at most 2 decimals"),
        ("2800.50", "JPY", "A price in JPY has no decimals"),
        (2800.5, "JPY", "A price in JPY has no decimals"),
        ("0.10", "USD", "Too low for a card payment"),
        ("-19", "USD", "Too low for a card payment"),
        (0, "USD", "Too low for a card payment"),
        ("9999999", "EUR", "Too high for one payment"),
        (1e300, "USD", "is too high for a price"),
        ("9" * 40, "USD", "is not a price"),
    ],
)
def test_a_price_that_cannot_be_is_explained(
    admin_client: Client, db: None, written: Any, currency: str, message: str
) -> None:
    assert message in problem(admin_client, *mug(price=written, currency=currency))


def test_a_price_that_a_formula_made_is_read_as_it_is_shown(admin_client: Client, db: None) -> None:
    """19 * 1.05, as Excel keeps it."""
    content = with_sheet(SHEET.replace("<v>19</v>", "<v>19.950000000000003</v>"))
    save(admin_client, send(admin_client, content))
    assert Item.objects.get().price == Money(Decimal("19.95"), "USD")


@pytest.mark.parametrize(
    ("written", "language", "is_on_sale"),
    [
        ("yes", "en", True),
        ("NO", "en", False),
        (True, "en", True),
        (False, "en", False),
        ("TRUE", "en", True),
        (0, "en", False),
        ("1", "en", True),
        ("", "en", True),
        ("ja", "de", True),
        ("Nein", "de", False),
        ("FALSCH", "de", False),
        ("да", "ru", True),
        ("нет", "ru", False),
    ],
)
def test_yes_and_no_are_read_in_the_clerks_language(
    admin_client: Client, settings: Any, written: Any, language: str, is_on_sale: bool
) -> None:
    speak(admin_client, language, settings)
    save(admin_client, send_rows(admin_client, mug(on_sale=written)))
    assert Item.objects.get().on_sale is is_on_sale


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"on_sale": "maybe"}, "on_sale: “maybe” is neither yes nor no: write yes or no."),
        ({"stock": "many"}, "stock: “many” is not a whole number, such as 12."),
        ({"stock": -1}, "stock: “-1” is not a whole number"),
        ({"stock": 1.5}, "stock: “1.5” is not a whole number"),
        ({"stock": 2**31}, "stock: “2147483648” is not a whole number"),
        ({"id": "x"}, "id: “x” is not a whole number"),
        ({"id": 999}, "id: There is no item 999: leave the cell empty to add a new one."),
        ({"id": 10**18}, "id: There is no item 1000000000000000000"),
        ({"name": ""}, "name: This field cannot be blank."),
        ({"name": "x" * 201}, "name: Ensure this value has at most 200 characters"),
        ({"name": date(2026, 5, 1)}, "name: The spreadsheet made a date of this"),
        ({"description": "x" * 2001}, "description: Ensure this value has at most 2000 characters"),
        ({"picture": "pictures/none.svg"}, "picture: There is no file static/pictures/none.svg"),
        ({"picture": "http://shop.example/mug.png"}, "picture: Write the whole address, beginning with https://."),
        ({"currency": ""}, "currency: Write a currency: EUR, JPY, USD."),
        ({"currency": "GBP"}, "currency: The shop takes no payments in GBP: choose one of EUR, JPY, USD."),
    ],
)
def test_what_is_wrong_in_a_row_is_said_with_its_column(
    admin_client: Client, db: None, values: dict[str, Any], message: str
) -> None:
    assert message in problem(admin_client, *mug(**values))


def test_all_that_is_wrong_in_a_row_is_said_at_once(admin_client: Client, db: None) -> None:
    page = send_rows(admin_client, mug(price="x", currency="GBP", stock="y", on_sale="z"))
    assert {column for _, column, _ in problems(page)} == {"price", "currency", "stock", "on_sale"}


def test_an_item_keeps_a_currency_that_lost_its_keypair(admin_client: Client, gbp_mug: Item) -> None:
    save(admin_client, send_rows(admin_client, mug("Cup", 16, "GBP", id=gbp_mug.pk, description="Holds tea.")))
    assert Item.objects.get().price == Money(16, "GBP")


def test_an_item_gets_another_currency_with_its_price(admin_client: Client, usd_mug: Item) -> None:
    save(admin_client, send_rows(admin_client, [usd_mug.pk, "2800", "JPY"], header=["id", "price", "currency"]))
    assert Item.objects.get().price == Money(2800, "JPY")


# --- Rows that stand in each other's way --------------------------------------------------------------------------
def test_an_id_that_stands_twice_is_said(admin_client: Client, usd_mug: Item) -> None:
    page = send_rows(admin_client, *[[usd_mug.pk, price] for price in (20, 21)], header=["id", "price"])
    assert [number for number, _, message in problems(page) if "stands in several rows" in message] == [2, 3]


def test_a_new_item_that_stands_twice_is_said(admin_client: Client, db: None) -> None:
    page = send_rows(admin_client, mug(), mug(currency="EUR"), mug())
    assert problems(page) == [(4, "name", "The same item stands in row 2: leave one, or give this one another name.")]


def test_rows_are_numbered_as_in_the_spreadsheet(admin_client: Client, db: None) -> None:
    empty = [""] * len(HEADER)
    for format_of in (csv_file, xlsx_file):
        page = send(admin_client, format_of([HEADER, mug("A\nB"), empty, mug("C", "x")]))
        assert [number for number, _, _ in problems(page)] == [4]


# --- Columns ------------------------------------------------------------------------------------------------------
def test_columns_in_any_order_and_spelling_are_known(admin_client: Client, db: None) -> None:
    page = send_rows(admin_client, ["USD", "19", "Mug", "no"], header=["Currency", "PRICE ", "Name", "On sale"])
    save(admin_client, page)
    assert Item.objects.get().on_sale is False


def test_columns_that_are_not_known_or_not_there_are_said(admin_client: Client, db: None) -> None:
    page = send_rows(admin_client, ["Mug", 19, "USD", "red"], header=["name", "price", "currency", "colour"])
    text = page.content.decode()
    assert "These columns are not known, and are not imported: colour." in text
    assert "The file has no column for: id, description, picture, on_sale, stock." in text


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["title", "cost"], "There is none called name, price, currency."),
        (["name", "price"], "There is none called currency."),
        (["name", "price", "currency", "Price"], "Several columns are called price: leave one of them."),
    ],
)
def test_a_file_without_what_items_need_is_refused(
    admin_client: Client, db: None, header: list[str], message: str
) -> None:
    assert message in file_error(send_rows(admin_client, ["Mug"] * len(header), header=header))


def test_a_new_item_in_a_file_made_for_changes_is_told_what_it_needs(admin_client: Client, usd_mug: Item) -> None:
    page = send_rows(admin_client, [usd_mug.pk, 20], ["", 21], header=["id", "price"])
    assert {(number, column) for number, column, _ in problems(page)} == {(3, "name"), (3, "currency")}


SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>price</t></is></c>
<c t="inlineStr"><is><t>currency</t></is></c></row>
<row r="2"><c t="inlineStr"><is><t>Mug</t></is></c><c><v>19</v></c><c t="inlineStr"><is><t>USD</t></is></c></row>
</sheetData></worksheet>"""


# --- Files --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("delimiter", "encoding", "language"),
    [
        (",", "utf-8", "en"),
        (",", "utf-8-sig", "en"),
        (";", "utf-8-sig", "de"),
        (";", "cp1252", "de"),
        ("\t", "utf-16", "de"),
    ],
)
def test_a_csv_file_is_read_as_spreadsheets_write_it(
    admin_client: Client, settings: Any, delimiter: str, encoding: str, language: str
) -> None:
    speak(admin_client, language, settings)
    content = csv_file([HEADER, mug("Größe; M, schön", "19,00")], delimiter, encoding)
    save(admin_client, send(admin_client, content))
    assert Item.objects.get().name == "Größe; M, schön"


def test_a_russian_csv_file_is_read(admin_client: Client, settings: Any) -> None:
    speak(admin_client, "ru", settings)
    content = csv_file([HEADER, mug("Кружка", "19,00", on_sale="нет")], ";", "cp1251")
    save(admin_client, send(admin_client, content))
    assert Item.objects.get().name == "Кружка"


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 200_000_000)
    return file.getvalue()


def lying_bomb() -> bytes:
    """Says that it unpacks to nothing."""
    size = struct.pack("<I", 200_000_000)
    return bomb().replace(size, struct.pack("<I", 10))


def many_cells() -> bytes:
    """Few bytes, even unpacked, and much work."""
    return with_sheet(SHEET.replace("</row>", "<c/>" * 700_000 + "</row>", 1))


def entities() -> bytes:
    """A billion laughs."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><x>&l9;</x>'
    return with_sheet(text)


def with_sheet(text: str) -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_file([HEADER, mug()]))) as good,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for entry in good.infolist():
            is_sheet = entry.filename.startswith("xl/worksheets/")
            bad.writestr(entry.filename, text if is_sheet else good.read(entry))
    return file.getvalue()


def one_text_in_many_cells() -> bytes:
    """Few bytes and few cells, and hours of work to say what is wrong with each."""
    text = "x" * 32_000
    return xlsx_file([["id", "name"], *[[number, text] for number in range(1, 400)]])


def far_away() -> bytes:
    """A row so far below that nobody has written it."""
    return with_sheet(SHEET.replace('r="2"', 'r="999999999999"'))


GOOD = xlsx_file([HEADER, mug()])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (xlsx_file([]), "The file is empty."),
        (b"name,price\n" + b"x" * MOST_BYTES, "The file is too large: send at most 1000 kB at once."),
        (csv_file([HEADER, *[mug()] * (MOST_ROWS + 1)]), "The file has too many rows: send at most 5000 at once."),
        (bomb(), "The file holds too much"),
        (many_cells(), "The file holds too much"),
        (one_text_in_many_cells(), "The file holds too much"),
        (lying_bomb(), "This XLSX file is broken, or none"),
        (entities(), "This XLSX file is broken, or none"),
        (far_away(), "The file has too many rows"),
        (GOOD[: len(GOOD) // 2], "This XLSX file is broken, or none"),
        (b"PK\x03\x04" + b"x" * 100, "This XLSX file is broken, or none"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 512, "This is an old Excel file, or one with a password"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "This is neither a CSV nor an XLSX file"),
        (b'name,price,currency\n"' + b"x" * 200_000, "This is no CSV file that can be read"),
        (b"%PDF-1.7 nothing", "The first row has to name the columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    admin_client: Client, db: None, content: bytes, message: str
) -> None:
    assert message in file_error(send(admin_client, content, "items.xlsx"))
    assert not Upload.objects.exists()


def test_no_file_is_asked_for(admin_client: Client, db: None) -> None:
    assert file_error(admin_client.post(IMPORT)) == "Choose a file."


def test_text_with_nul_or_a_formula_does_no_harm(admin_client: Client, db: None) -> None:
    assert "neither a CSV nor an XLSX" in file_error(send(admin_client, csv_file([HEADER, mug("Mu\0g")])))
    page = send(admin_client, csv_file([HEADER, mug("<script>alert(1)</script>", "19")]))
    assert "<script>alert(1)" not in page.content.decode()
    assert "&lt;script&gt;alert(1)" in page.content.decode()


def test_a_thousand_rows_cost_few_queries(admin_client: Client, db: None, django_assert_max_num_queries: Any) -> None:
    olds = Item.objects.bulk_create(Item(name=f"Old {number}", price=Money(5, "USD")) for number in range(500))
    rows = [mug(f"Old {item.pk}", 6, id=item.pk) for item in olds] + [mug(f"New {number}") for number in range(500)]
    with django_assert_max_num_queries(10):
        page = send_rows(admin_client, *rows)
    form = filled_in(page, "save-form")
    # SQLite takes so many values at once, and no more.
    with django_assert_max_num_queries(40):
        admin_client.post(SAVE, form)
    assert Item.objects.filter(price=Decimal(6)).count() == 500
    assert Item.objects.count() == 1000


# --- Who may ------------------------------------------------------------------------------------------------------
def clerk(*permissions: str) -> Client:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_item", *permissions]))
    client = Client()
    client.force_login(user)
    return client


def test_what_is_wrong_is_quoted_as_the_readers_language_quotes(admin_client: Client, settings: Any, db: None) -> None:
    speak(admin_client, "de", settings)
    assert "„12,5o“ ist kein Preis" in problems(send(admin_client, twenty(csv_file)))[0][2]


def test_who_may_neither_add_nor_change_items_imports_none(admin_client: Client, usd_mug: Item) -> None:
    form = filled_in(send_rows(admin_client, mug()), "save-form")
    looker = clerk()
    assert [looker.get(IMPORT).status_code, looker.post(IMPORT).status_code] == [403, 403]
    assert looker.post(SAVE, form).status_code == 403
    assert "/import/" not in looker.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("permission", "refused", "message"),
    [("add_item", 3, "You may not change items."), ("change_item", 2, "You may not add items.")],
)
def test_who_may_do_one_of_both_is_refused_the_other(
    usd_mug: Item, permission: str, refused: int, message: str
) -> None:
    page = send_rows(clerk(permission), mug(), mug("Cup", 20, id=usd_mug.pk))
    assert problems(page) == [(refused, "", message)]


# --- Export, and back ---------------------------------------------------------------------------------------------
def rows_of(response: Any) -> Rows:
    book = load_workbook(io.BytesIO(response.content))
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def test_items_are_exported_as_the_list_shows_them(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    Item.objects.filter(pk=eur_mug.pk).update(stock=3, on_sale=False)
    response = admin_client.get("/admin/payments/item/export.xlsx?currency=EUR")
    assert response["Content-Disposition"] == 'attachment; filename="items.xlsx"'
    assert rows_of(response) == [HEADER, [eur_mug.pk, "Stoneware Mug", "Holds tea.", 17.5, "EUR", None, False, 3]]


def test_ticked_items_are_exported(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    chosen = {"action": "export_csv", "index": "0", "_selected_action": [str(usd_mug.pk)]}
    response = admin_client.post(LIST, chosen)
    text = response.content.decode("utf-8-sig")
    assert text.splitlines()[1] == f"{usd_mug.pk},Stoneware Mug,Holds tea.,19.00,USD,,yes,"


def test_a_german_gets_a_file_that_opens_in_a_german_spreadsheet(
    admin_client: Client, settings: Any, usd_mug: Item
) -> None:
    speak(admin_client, "de", settings)
    response = admin_client.get("/admin/payments/item/export.csv")
    assert "Holds tea.;19,00;USD;;Ja;" in response.content.decode("utf-8-sig")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_exported_comes_back_unchanged(
    admin_client: Client, usd_mug: Item, eur_mug: Item, jpy_mug: Item, gbp_mug: Item, kind: str
) -> None:
    names = ["=1+1", "'=1", "'tis", "+1 @ home"]
    for item, name in zip(Item.objects.all(), names, strict=True):
        Item.objects.filter(pk=item.pk).update(name=name, description='a\r\nb, c; "d"\n', stock=0)
    response = admin_client.get(f"/admin/payments/item/export.{kind}")
    page = send(admin_client, response.content, f"items.{kind}")
    assert counts(page) == {"unchanged": 4}


@pytest.mark.parametrize("start", list("=+-@"))
def test_a_text_that_would_be_a_formula_is_none_in_the_spreadsheet(
    admin_client: Client, usd_mug: Item, start: str
) -> None:
    Item.objects.update(name=f"{start}cmd|' /C calc'!A0")
    (_, row) = rows_of(admin_client.get("/admin/payments/item/export.xlsx"))
    assert row[1].startswith(f"'{start}")
    assert f",'{start}cmd" in admin_client.get("/admin/payments/item/export.csv").content.decode("utf-8-sig")


def test_a_character_that_xlsx_cannot_hold_is_replaced(admin_client: Client, usd_mug: Item) -> None:
    Item.objects.update(name="Mug\x0bCup")
    assert rows_of(admin_client.get("/admin/payments/item/export.xlsx"))[1][1] == "Mug\ufffdCup"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_sample_can_be_imported_as_it_is(admin_client: Client, db: None, kind: str) -> None:
    sample = admin_client.get(f"/admin/payments/item/import/sample.{kind}")
    assert f'filename="items-sample.{kind}"' in sample["Content-Disposition"]
    page = send(admin_client, sample.content, f"items.{kind}")
    assert counts(page) == {"new": 2}
    save(admin_client, page)
    assert Item.objects.filter(stock=12, on_sale=False).exists()


def test_who_may_not_see_items_exports_none(db: None) -> None:
    stranger = User.objects.create_user("stranger", is_staff=True)
    client = Client()
    client.force_login(stranger)
    for address in ("export.csv", "export.xlsx", "import/sample.csv"):
        assert client.get(f"/admin/payments/item/{address}").status_code == 403


def test_a_filter_that_is_none_leads_back_to_the_list(admin_client: Client, usd_mug: Item) -> None:
    assert admin_client.get("/admin/payments/item/export.csv?nonsense__x=1")["Location"] == LIST
