"""In a real browser: press Buy, pay, come back."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from payments.tests.browser_fixtures import pay
from payments.tests.shop_process import Shop

pytestmark = pytest.mark.browser


def buy(page: Page, item_id: int, quantity: int = 1) -> None:
    page.goto(f"/item/{item_id}")
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Buy").click()
    page.wait_for_url("**/sandbox/checkout/**")


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
