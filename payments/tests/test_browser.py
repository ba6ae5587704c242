"""In a real browser: press Buy, pay, come back."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

pytestmark = pytest.mark.browser
CHROMIUM_OPTIONS = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with running_shop(folder, **sandbox_keypair("USD"), **sandbox_keypair("EUR")) as shop:
        yield shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "No Chromium: install it, or say where it is in CHROMIUM."
    with sync_playwright() as playwright:
        # As root, in a container, Chromium has no sandbox of its own.
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS, chromium_sandbox=False)
        yield browser
        browser.close()


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


def is_complaint(message: ConsoleMessage) -> bool:
    """A declined card is an error of HTTP, and no mistake of the page."""
    return message.type == "error" and "Failed to load resource" not in message.text


def buy(page: Page, item_id: int, quantity: int = 1) -> None:
    page.goto(f"/item/{item_id}")
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Buy").click()
    page.wait_for_url("**/sandbox/checkout/**")


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


@pytest.mark.parametrize(("item_id", "total"), [(1, "USD\xa048.00"), (2, "EUR\xa077.00")], ids=["USD", "EUR"])
def test_a_shopper_buys_and_pays_in_the_items_currency(page: Page, item_id: int, total: str) -> None:
    buy(page, item_id, quantity=2)
    expect(page.locator("body")).to_contain_text(total)
    pay(page)
    page.wait_for_url("**/order/*/success**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")
    expect(page.locator("tfoot")).to_contain_text(total)


@pytest.mark.parametrize("webhook", ["Lose the webhook", "Send it twice", "Send it late, after 10 seconds"])
def test_the_shopper_comes_back_to_a_paid_order_whatever_becomes_of_the_webhook(page: Page, webhook: str) -> None:
    buy(page, 1)
    pay(page, webhook=webhook)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")
    page.goto(re.sub(r"/success.*", "", page.url))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


def test_a_declined_card_can_be_followed_by_a_good_one(page: Page) -> None:
    buy(page, 1)
    pay(page, "4000 0000 0000 0002")
    expect(page.get_by_text("Your card was declined").first).to_be_visible()
    pay(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


def test_a_card_that_asks_for_confirmation_pays_once_it_is_given(page: Page) -> None:
    buy(page, 2)
    pay(page, "4000 0025 0000 3155")
    page.get_by_role("button", name=re.compile("Complete")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


def test_going_back_and_changing_ones_mind_leads_to_the_same_order(page: Page) -> None:
    buy(page, 1)
    page.get_by_role("link", name=re.compile("Back")).first.click()
    expect(page.locator("body")).to_contain_text("Nothing was charged")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    page.wait_for_url("**/sandbox/checkout/**")
    pay(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


def test_every_page_says_that_payments_are_not_real(page: Page) -> None:
    said = re.compile("payments are not real", re.IGNORECASE)
    page.goto("/")
    expect(page.locator("body")).to_contain_text(said)
    buy(page, 1)
    expect(page.locator("body")).to_contain_text(said)
    page.get_by_role("link", name=re.compile("Back")).first.click()
    expect(page.locator("body")).to_contain_text(said)


@pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
def test_a_pressed_button_shows_that_it_works_and_cannot_be_pressed_twice(page: Page) -> None:
    page.goto("/item/1")
    page.route("**/buy/1", lambda route: None)
    page.locator("#buy-button").click()
    expect(page.locator("#buy-button")).to_be_disabled()
    expect(page.locator("#buy-button")).to_have_text("Opening the payment page…")


@pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
def test_what_goes_wrong_is_said_beside_the_button_which_can_be_pressed_again(page: Page) -> None:
    page.goto("/item/1")
    page.route("**/buy/1", lambda route: route.abort())
    page.locator("#buy-button").click()
    expect(page.get_by_role("alert")).to_contain_text("check your connection")
    error = {"error": {"code": "stripe_unreachable", "message": "Please try again in a minute."}}
    page.route("**/buy/1", lambda route: route.fulfill(status=422, json=error))
    page.locator("#buy-button").click()
    expect(page.get_by_role("alert")).to_contain_text("try again in a minute")
    page.unroute("**/buy/1")
    page.locator("#buy-button").click()
    page.wait_for_url("**/sandbox/checkout/**")


@pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
def test_a_price_that_changed_meanwhile_is_shown_before_it_is_paid(page: Page) -> None:
    page.goto("/item/1")
    page.locator("[name=unit_amount]").evaluate("input => { input.value = 1 }")
    page.locator("#buy-button").click()
    expect(page.get_by_role("alert")).to_contain_text("The price is now USD\xa024.00")
    page.get_by_role("button", name="See the new price").click()
    page.get_by_role("button", name="Buy").click()
    page.wait_for_url("**/sandbox/checkout/**")


def test_a_browser_that_blocks_stripe_js_can_buy_all_the_same(browser: Browser, shop: Shop) -> None:
    page = browser.new_context(base_url=shop.url).new_page()
    page.route("**/sandbox/stripe*.js", lambda route: route.abort())
    buy(page, 2)
    page.context.close()
