"""In a real browser: what takes time shows that it does; an order that waits for Stripe's word shows it by itself."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from payments.tests.browser_fixtures import pay
from payments.tests.shop_process import Shop
from payments.tests.test_browser import buy
from payments.tests.test_cart_browser import add
from payments.tests.test_paying_here_browser import choose_to_pay_here
from payments.tests.test_paying_here_browser import fill as give_card

pytestmark = pytest.mark.browser
with_javascript = pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
without_javascript = pytest.mark.parametrize("page", [False], ids=["without JavaScript"], indirect=True)
NEWS = "There is news about your payment."


def never(route: Route) -> None:
    """An answer that does not come."""


# Playwright waits for the page that is asked for, and it does not come: so the old one is looked at from within.
PRESS = """
(button) => new Promise((resolve) => {
  button.click();
  button.click();
  setTimeout(() => resolve([button.disabled, button.textContent]), 200);
})
"""


def expect_at_work(page: Page, button: str, words: str) -> None:
    assert page.locator(button).evaluate(PRESS) == [True, words]


def to_order(page: Page) -> None:
    buy(page, 1)
    page.get_by_role("link", name=re.compile("Back")).first.click()
    page.wait_for_url("**/order/*/cancel")


@with_javascript
def test_every_button_that_leads_to_stripe_shows_that_it_works(page: Page) -> None:
    page.goto("/item/1")
    page.route("**/intent/1", never)
    expect_at_work(page, "#pay-here-button", "Opening the payment page…")
    add(page, 1, 1)
    page.goto("/cart")
    page.route("**/cart/checkout", never)
    expect_at_work(page, "#checkout-button", "Making your order…")
    to_order(page)
    page.route("**/order/*/checkout", never)
    expect_at_work(page, "#pay-button", "Opening the payment page…")
    page.goto(page.url.replace("/cancel", "/pay"))
    expect_at_work(page, "#pay-button", "Opening the payment page…")


@with_javascript
def test_a_button_pressed_twice_asks_once(page: Page) -> None:
    to_order(page)
    asked: list[str] = []
    page.route("**/order/*/checkout", lambda route: asked.append(route.request.url))
    expect_at_work(page, "#pay-button", "Opening the payment page…")
    assert len(asked) == 1


@with_javascript
def test_who_comes_back_by_the_browsers_button_can_press_again(page: Page) -> None:
    to_order(page)
    page.locator("#pay-button").click()
    page.wait_for_url("**/sandbox/checkout/**")
    page.go_back()
    page.wait_for_url("**/order/*/cancel")
    expect(page.locator("#pay-button")).to_be_enabled()
    expect(page.locator("#pay-button")).to_contain_text("on Stripe’s page")
    page.locator("#pay-button").click()
    page.wait_for_url("**/sandbox/checkout/**")
    page.goto("/item/1")
    page.locator("#buy-button").click()
    page.wait_for_url("**/sandbox/checkout/**")
    page.go_back()
    expect(page.locator("#buy-button")).to_have_text("Buy")
    expect(page.locator("#buy-button")).to_be_enabled()


@with_javascript
def test_an_order_that_waits_for_a_bank_announces_the_news_and_shows_it_by_itself(page: Page) -> None:
    choose_to_pay_here(page)
    give_card(page, choice="The bank takes 10 seconds")
    page.locator("#pay-here-button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your payment is under way")
    page.evaluate("document.body.dataset.same = 'yes'")
    expect(page.locator("#waiting")).to_contain_text("looks for news by itself")
    page.wait_for_timeout(4000)
    assert page.evaluate("document.body.dataset.same") == "yes"
    expect(page.locator("#waiting")).to_contain_text(NEWS, timeout=25_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")
    expect(page.locator("#waiting")).to_have_count(0)


@with_javascript
def test_a_shop_that_cannot_be_reached_for_a_moment_is_asked_again(page: Page, shop: Shop) -> None:
    choose_to_pay_here(page)
    give_card(page, choice="The bank takes 10 seconds")
    page.locator("#pay-here-button").click()
    expect(page.locator("#waiting")).to_be_visible()
    page.route("**/success**", lambda route: route.abort(), times=2)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid", timeout=40_000)


@with_javascript
def test_who_has_come_back_from_paying_before_stripe_knows_waits_as_well(page: Page, shop: Shop) -> None:
    buy(page, 1)
    hosted = page.url
    page.goto(hosted)
    page.get_by_role("link", name=re.compile("Back")).first.click()
    page.wait_for_url("**/order/*/cancel")
    expect(page.locator("#waiting")).to_have_count(0)
    page.goto(page.url.replace("/cancel", f"/success?session_id={hosted.rpartition('/')[2]}"))
    expect(page.locator("#waiting")).to_be_visible()
    other = page.context.new_page()
    other.goto(hosted)
    pay(other)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid", timeout=25_000)


@without_javascript
def test_without_javascript_the_page_reloads_itself(page: Page) -> None:
    buy(page, 1)
    hosted = page.url
    page.get_by_role("link", name=re.compile("Back")).first.click()
    page.wait_for_url("**/order/*/cancel")
    page.goto(page.url.replace("/cancel", f"/success?session_id={hosted.rpartition('/')[2]}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("waiting for your payment")
    other = page.context.new_page()
    other.goto(hosted)
    pay(other)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid", timeout=25_000)


@with_javascript
def test_on_paper_a_paid_order_is_a_receipt_without_buttons(page: Page) -> None:
    buy(page, 1)
    page.get_by_role("link", name=re.compile("Back")).first.click()
    page.emulate_media(media="print")
    for seen in (".brand", ".lines caption", "tfoot"):
        expect(page.locator(seen).first).to_be_visible()
    for button in page.locator("button, .button, .cart-link, .footer").all():
        expect(button).to_be_hidden()


@with_javascript
def test_an_item_page_is_light(page: Page) -> None:
    loaded: dict[str, int] = {}
    page.on("requestfinished", lambda request: loaded.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto("/item/1")
    page.wait_for_load_state("networkidle")
    light = {url: size for url, size in loaded.items() if "/pictures/" not in url and not url.endswith(".svg")}
    assert len(light) <= 5
    assert sum(light.values()) <= 25_000
