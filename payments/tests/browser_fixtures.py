"""A running shop, a browser, and a shopper's page in it, with and without JavaScript."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

CHROMIUM_OPTIONS = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

# A busy machine is slow, which is no mistake of the page.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with running_shop(folder, **sandbox_keypair("USD"), **sandbox_keypair("EUR")) as shop:
        yield shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def launch(playwright: Playwright, *options: str) -> Browser:
    # As root, in a container, Chromium has no sandbox of its own.
    return playwright.chromium.launch(
        executable_path=chromium_path(), args=[*CHROMIUM_OPTIONS, *options], chromium_sandbox=False
    )


def chromium_path() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "No Chromium: install it, or say where it is in CHROMIUM."
    return path


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(browser: Browser, shop: Shop, request: Any) -> Iterator[Page]:
    """A shopper on a phone, whose browser reports no error on any page."""
    context = browser.new_context(
        base_url=shop.url, java_script_enabled=request.param, viewport={"width": 390, "height": 844}, locale="en-US"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def admin_page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """Staff is signed in, and shops as well."""
    permissions = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(base_url=shop.url, locale="en-US", permissions=permissions)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin-password")
    page.get_by_role("button", name="Log in").click()
    yield page
    context.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """A declined card is an error of HTTP, and no mistake of the page."""
    return message.type == "error" and "Failed to load resource" not in message.text


def pay(page: Page, number: str = "4242 4242 4242 4242", webhook: str = "Deliver it") -> None:
    page.get_by_label("Email").fill("shopper@example.com")
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    choose_webhook(page, webhook)
    page.get_by_role("button", name=re.compile("^Pay")).click()


def choose_webhook(page: Page, webhook: str) -> None:
    choice = page.get_by_label(webhook, exact=True)
    if not choice.is_visible():
        page.get_by_text("For testing").first.click()
    choice.check()
