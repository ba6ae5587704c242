"""A clerk in a browser: a spreadsheet with two errors, prices by percent, and an item in another currency."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from payments.tests.browser_fixtures import is_complaint
from payments.tests.test_item_import import csv_file, twenty, xlsx_file

pytestmark = pytest.mark.browser


def choose(page: Page, name: str, content: bytes) -> None:
    file: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_label("Spreadsheet").set_input_files(file)
    page.get_by_role("button", name="Show what it changes").click()


def act(page: Page, action: str, *names: str) -> None:
    page.goto("/admin/payments/item/")
    for name in names:
        page.get_by_role("row", name=name).get_by_role("checkbox").first.check()
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name="Go", exact=True).click()


def test_a_clerk_imports_twenty_items_of_which_two_have_an_error(admin_page: Page) -> None:
    complaints: list[str] = []
    admin_page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    admin_page.goto("/admin/payments/item/")
    admin_page.get_by_role("link", name="Import").click()
    choose(admin_page, "items.csv", csv_file([["title"], ["Mug"]]))
    expect(admin_page.get_by_text("The first row has to name the columns")).to_be_visible()
    choose(admin_page, "items.xlsx", twenty(xlsx_file))
    expect(admin_page.locator("#refused-rows tbody tr")).to_have_count(2)
    expect(admin_page.locator("#refused-rows tbody th")).to_have_text(["8", "16"])
    choose(admin_page, "items.xlsx", twenty(xlsx_file, price="12,50", currency="EUR"))
    admin_page.get_by_role("button", name="Import 20 items").click()
    expect(admin_page.get_by_text("20 items were imported.")).to_be_visible()
    act(admin_page, "Change prices by percent", "Mug 20", "Mug 19")
    admin_page.get_by_label("Percent").fill("10")
    admin_page.get_by_role("button", name="Show the new prices").click()
    expect(admin_page.get_by_role("cell", name="EUR\xa022.55")).to_be_visible()
    admin_page.get_by_role("button", name="Save the new prices").click()
    expect(admin_page.get_by_text("2 prices were changed.")).to_be_visible()
    admin_page.get_by_role("link", name="Mug 20").click()
    admin_page.get_by_role("link", name="Duplicate into another currency").click()
    admin_page.get_by_label("Exchange rate").fill("1.1")
    admin_page.get_by_role("button", name="Show the prices").click()
    admin_page.get_by_role("button", name="Make the copies").click()
    expect(admin_page.get_by_text("1 item was copied.")).to_be_visible()
    assert complaints == []
