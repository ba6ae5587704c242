"""In a real browser: a clerk who has never seen the shop does what a day brings, each act in less than a minute.

Nothing is reached by an address but the admin's first page, and what a mail leads to. What is done is counted: at three
seconds for each thing, twenty make a minute. SECONDS_PER_ACTION=3 does it at that pace; `-s` says how long each took.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from payments.tests.shop_process import Shop, free_port, running_shop, sandbox_keypair
from payments.tests.test_item_import import HEADER, mug, xlsx_file
from payments.tests.test_mails import MailServer

pytestmark = pytest.mark.browser
MOST_ACTIONS = 20
SECONDS_PER_ACTION = float(os.environ.get("SECONDS_PER_ACTION", "0"))
SHOPPER = "ann.porter@example.com"


class Person:
    """Does what can be seen on a page, at a person's pace, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = self.keys = 0

    def press(self, name: str) -> None:
        """A link or a button."""
        self.act_on(self.called(name, "link").or_(self.called(name, "button")).first).click()

    def choose(self, name: str) -> None:
        self.act_on(self.called(name, "option")).click()

    def called(self, name: str, role: Any) -> Locator:
        whole = re.escape(name).replace(r"\ ", r"\s")
        return self.page.get_by_role(role, name=re.compile(f"^{whole}$"))

    def write(self, label: str, text: str) -> None:
        self.act_on(self.page.get_by_label(label)).fill(text)
        self.keys += len(text)

    def attach(self, label: str, name: str, content: bytes) -> None:
        file: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.act_on(self.page.get_by_label(label)).set_input_files(file)

    def act_on(self, what: Locator) -> Locator:
        expect(what).to_be_visible()
        self.page.wait_for_timeout(1000 * SECONDS_PER_ACTION)
        self.actions += 1
        return what

    def sees(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text)


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    server = MailServer(free_port())
    server.start()
    yield server
    assert server.controller
    server.controller.stop()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any, mails: MailServer) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    environment = {"EMAIL_URL": f"smtp://127.0.0.1:{mails.port}", "LOG_LEVEL": "ERROR"}
    with running_shop(folder, **environment, **sandbox_keypair("USD"), **sandbox_keypair("EUR")) as shop:
        yield shop


def test_a_clerk_who_has_never_seen_the_shop_does_each_act_of_a_day_within_a_minute(
    admin_page: Page, browser: Browser, shop: Shop, mails: MailServer
) -> None:
    clerk = Person(admin_page)
    shopper = Person(browser.new_context(locale="en-US").new_page())
    with an_act("twenty items are imported, after two errors are corrected", clerk):
        import_items(clerk)
    with an_act("an order of two of them is composed, and its link sent", clerk):
        compose_order(clerk)
    with an_act("the shopper follows the link and pays", shopper):
        follow(shopper, mails.taken.pop())
        pay(shopper)
    with an_act("half of it is refunded", clerk):
        refund_half(clerk)
    with an_act("the order is found by the shopper's address", clerk):
        find_order(clerk)
    shopper.page.context.close()


@contextmanager
def an_act(name: str, person: Person) -> Iterator[None]:
    begun, person.actions, person.keys = time.monotonic(), 0, 0
    yield
    seconds = time.monotonic() - begun
    sys.stdout.write(f"{name}: {person.actions} actions, {person.keys} keys, {seconds:.0f} seconds\n")
    assert person.actions <= MOST_ACTIONS, name


def items(**wrong: str) -> bytes:
    rows = [mug(f"Enamel Mug {number}", f"{number}.50", "EUR", stock=number) for number in range(1, 21)]
    rows[6][3], rows[14][4] = wrong.get("price", "7.50"), wrong.get("currency", "EUR")
    return xlsx_file([HEADER, *rows])


def import_items(clerk: Person) -> None:
    clerk.press("Items")
    clerk.press("Import")
    clerk.attach("Spreadsheet", "items.xlsx", items(price="7,5o", currency="GBP"))
    clerk.press("Show what it changes")
    clerk.sees("2 rows with errors")
    clerk.attach("Spreadsheet", "items.xlsx", items())
    clerk.press("Show what it changes")
    clerk.press("Import 20 items")
    expect(clerk.page.locator(".messagelist")).to_contain_text("20 items were imported.")


def compose_order(clerk: Person) -> None:
    clerk.press("Orders")
    clerk.press("Add order")
    clerk.write("E-mail address", SHOPPER)
    add_line(clerk, 0, "Enamel Mug 20", "EUR 20.50", "2")
    clerk.press("Add another Order line")
    add_line(clerk, 1, "Enamel Mug 9", "EUR 9.50", "1")
    clerk.sees("Total EUR\xa050.50")
    clerk.press("Save")
    clerk.press("Send the link")
    expect(clerk.page.locator(".messagelist")).to_contain_text(f"The link was sent to {SHOPPER}")


def add_line(clerk: Person, number: int, name: str, price: str, quantity: str) -> None:
    line = clerk.page.locator(f"#lines-{number}")
    clerk.act_on(line.get_by_role("combobox")).click()
    clerk.act_on(clerk.page.get_by_role("searchbox")).fill(name)
    clerk.choose(f"{name}, {price}")
    clerk.act_on(line.get_by_role("spinbutton")).fill(quantity)
    clerk.keys += len(name + quantity)


def follow(shopper: Person, message: EmailMessage) -> None:
    """As a program that shows mails does."""
    assert message["To"] == SHOPPER
    body = message.get_body(("html",))
    assert body
    shopper.page.set_content(body.get_content())
    shopper.press("Pay EUR 50.50")


def pay(shopper: Person) -> None:
    shopper.press("Pay EUR 50.50 on Stripe’s page")
    shopper.write("Card number", "4242 4242 4242 4242")
    shopper.write("Expiry", "12 / 34")
    shopper.write("CVC", "123")
    shopper.press("Pay EUR 50.50")
    shopper.sees("Thank you! Your order is paid")


def refund_half(clerk: Person) -> None:
    clerk.press("Orders")
    clerk.press("Order 1")
    clerk.press("Refund")
    clerk.write("Amount in EUR", "25.25")
    clerk.write("Note", "One of two was broken")
    clerk.press("Go on")
    clerk.press("Refund EUR 25.25")
    clerk.sees("Partly refunded")
    expect(clerk.page).to_have_url(re.compile("/payments/order/1/"))


def find_order(clerk: Person) -> None:
    clerk.press("Storefront")
    clerk.write("Find an order", SHOPPER)
    clerk.press("Find")
    found = clerk.page.locator("#result_list tbody tr")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("Partly refunded")
