"""In a real browser: press Pay here, give the card on the shop's own page, and see the order paid."""

import re

import pytest
from playwright.sync_api import FrameLocator, Page, expect

pytestmark = pytest.mark.browser
with_javascript = pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
without_javascript = pytest.mark.parametrize("page", [False], ids=["without JavaScript"], indirect=True)
PAYS, DECLINES, ASKS = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"


def choose_to_pay_here(page: Page, item_id: int = 1, quantity: int = 1) -> None:
    page.goto(f"/item/{item_id}")
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Pay here").click()
    page.wait_for_url("**/order/*/pay")


def card_form(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure payment input frame']")


def fill(page: Page, number: str = PAYS, choice: str = "Deliver it") -> None:
    page.get_by_label("E-mail").fill("shopper@example.com")
    form = card_form(page)
    form.get_by_label("Card number").fill(number)
    form.get_by_label("Expiry").fill("12 / 34")
    form.get_by_label("CVC").fill("123")
    radio = form.get_by_label(choice, exact=True)
    if not radio.is_visible():
        form.get_by_text("For testing: the webhook and the bank").click()
    radio.check()


def press(page: Page) -> None:
    page.locator("#pay-here-button").click()


def expect_paid(page: Page) -> None:
    page.wait_for_url("**/order/*/success?payment_intent=*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


@with_javascript
@pytest.mark.parametrize(("item_id", "total"), [(1, "USD\xa048.00"), (2, "EUR\xa077.00")], ids=["USD", "EUR"])
def test_a_shopper_pays_on_the_shops_own_page_in_the_items_currency(page: Page, item_id: int, total: str) -> None:
    choose_to_pay_here(page, item_id, quantity=2)
    expect(page.locator("#pay-here-button")).to_have_text(f"Pay {total}")
    fill(page, choice="Lose the webhook")
    press(page)
    expect_paid(page)
    expect(page.locator("tfoot")).to_contain_text(total)


@with_javascript
def test_a_declined_card_is_told_beside_the_button_and_another_pays(page: Page) -> None:
    choose_to_pay_here(page)
    fill(page, DECLINES)
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("Your card was declined. Nothing was charged.")
    fill(page)
    press(page)
    expect_paid(page)


@with_javascript
def test_a_card_that_asks_for_confirmation_pays_once_it_is_given(page: Page) -> None:
    choose_to_pay_here(page, 2)
    fill(page, ASKS)
    press(page)
    expect(page.locator("#pay-state")).to_contain_text("Your bank may ask you to confirm")
    expect(page.locator("#pay-here-button")).to_be_disabled()
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete").click()
    expect_paid(page)


@with_javascript
def test_who_does_not_confirm_is_told_that_nothing_was_charged_and_can_try_again(page: Page) -> None:
    choose_to_pay_here(page)
    fill(page, ASKS)
    press(page)
    page.frame_locator("dialog iframe").get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    fill(page)
    press(page)
    expect_paid(page)


@with_javascript
def test_a_bank_that_takes_its_time_is_waited_for(page: Page) -> None:
    choose_to_pay_here(page)
    pay_page = page.url
    fill(page, choice="The bank takes 10 seconds")
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your payment is under way")
    page.goto(pay_page)
    expect(page).to_have_url(pay_page.removesuffix("/pay"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid", timeout=25_000)


@with_javascript
def test_mistakes_in_the_card_are_told_and_charge_nothing(page: Page) -> None:
    choose_to_pay_here(page)
    expect(page.locator("#pay-here-button")).to_be_enabled()
    page.get_by_label("E-mail").fill("shopper@example.com")
    press(page)
    expect(page.get_by_role("alert")).to_have_text("Your card number is incomplete.")
    expect(page.locator("#pay-here-button")).to_be_enabled()


@with_javascript
def test_an_address_that_is_none_is_told_before_anything_is_charged(page: Page) -> None:
    choose_to_pay_here(page)
    fill(page)
    page.get_by_label("E-mail").fill("shopper@example")
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("Please type a whole e-mail address")
    expect(page.get_by_label("E-mail")).to_be_focused()
    fill(page)
    press(page)
    expect_paid(page)


@with_javascript
def test_an_order_paid_in_another_tab_is_not_paid_here_again(page: Page) -> None:
    choose_to_pay_here(page)
    fill(page)
    other = page.context.new_page()
    other.goto(page.url)
    fill(other)
    press(other)
    expect_paid(other)
    press(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


@with_javascript
def test_what_goes_wrong_is_said_and_the_button_tries_again(page: Page) -> None:
    page.route("**/order/*/intent", lambda route: route.abort())
    choose_to_pay_here(page)
    expect(page.get_by_role("alert")).to_contain_text("check your connection")
    page.unroute("**/order/*/intent")
    page.get_by_role("button", name="Try again").click()
    fill(page)
    press(page)
    expect_paid(page)


@with_javascript
def test_a_total_that_changed_meanwhile_is_shown_before_it_is_paid(page: Page) -> None:
    choose_to_pay_here(page)
    fill(page)
    other = {"client_secret": "pi_1_secret_1", "publishable_key": "pk_test_sandbox_usd", "amount": 1, "currency": "USD"}
    page.route("**/order/*/intent", lambda route: route.fulfill(json=other))
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("look at the new total")
    page.unroute("**/order/*/intent")
    page.get_by_role("button", name="See the new total").click()
    fill(page)
    press(page)
    expect_paid(page)


@with_javascript
def test_a_browser_that_blocks_stripe_js_is_offered_the_hosted_page(page: Page) -> None:
    page.route("**/sandbox/stripe*.js", lambda route: route.abort())
    choose_to_pay_here(page)
    expect(page.get_by_role("alert")).to_contain_text("The card form did not load")
    expect(page.locator("#pay-element")).to_have_js_property("offsetHeight", 0)
    page.get_by_role("button", name="Pay on Stripe’s page").click()
    page.wait_for_url("**/sandbox/checkout/**")


@without_javascript
def test_without_javascript_the_page_says_so_and_offers_the_hosted_page(page: Page) -> None:
    choose_to_pay_here(page)
    expect(page.locator("body")).to_contain_text("needs JavaScript")
    expect(page.locator("#pay-here-button")).to_be_hidden()
    page.get_by_role("button", name="Pay on Stripe’s page").click()
    page.wait_for_url("**/sandbox/checkout/**")


def test_the_order_page_leads_to_the_shops_own_payment_page(page: Page) -> None:
    choose_to_pay_here(page)
    page.get_by_role("link", name="Back to the order").click()
    page.get_by_role("link", name=re.compile("^Pay USD.* here$")).click()
    page.wait_for_url(re.compile("/order/[^/]+/pay$"))
