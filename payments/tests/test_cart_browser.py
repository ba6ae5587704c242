"""In a real browser: a cart of two currencies, with a code and a tax, is paid in two payments."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from payments.tests.browser_fixtures import pay
from payments.tests.shop_process import Shop
from payments.tests.test_paying_here_browser import fill as give_card

pytestmark = pytest.mark.browser

PLENTY = """
from payments.models import *
Discount.objects.get_or_create(code="TEN", defaults=dict(name="Ten off", percent=10))
Tax.objects.get_or_create(display_name="VAT", defaults=dict(percentage=20, inclusive=False, automatic=True))
"""
RAISE = "from payments.models import *; Item.objects.filter(pk={}).update(price={})"
with_javascript = pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
without_javascript = pytest.mark.parametrize("page", [False], ids=["without JavaScript"], indirect=True)


@pytest.fixture(scope="module", autouse=True)
def code_and_tax(shop: Shop) -> None:
    shop.manage("shell", "-c", PLENTY)


def add(page: Page, item_id: int, quantity: int) -> None:
    page.goto(f"/item/{item_id}")
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("status")).to_contain_text("is in your cart")


def fill(page: Page) -> None:
    """Three items in dollars, two in euros, and a code for 10 % off."""
    add(page, 1, 2)
    page.goto("/")
    page.get_by_role("button", name="Add to cart Beeswax Candle").click()
    expect(page.get_by_role("status")).to_contain_text("Beeswax Candle is in your cart")
    add(page, 2, 2)
    expect(page.locator("#cart-count")).to_have_text("5")
    page.get_by_role("link", name="Cart").click()
    page.get_by_label("Discount code").fill("ten")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("status")).to_contain_text("The code TEN is in your cart")


USD = ["USD\xa057.50", "−USD\xa05.75", "USD\xa010.35", "USD\xa062.10"]
EUR = ["EUR\xa077.00", "−EUR\xa07.70", "EUR\xa013.86", "EUR\xa083.16"]


def expect_figures(page: Page, place: str, figures: list[str]) -> None:
    for figure in figures:
        expect(page.locator(place)).to_contain_text(figure)


def test_a_cart_of_two_currencies_is_paid_in_two_payments_and_every_screen_shows_the_same(page: Page) -> None:
    fill(page)
    expect(page.locator("main")).to_contain_text("paid in 2 payments, one for each currency: USD, EUR")
    expect_figures(page, "#cart-USD tfoot", USD)
    expect_figures(page, "#cart-EUR tfoot", EUR)
    page.get_by_role("button", name="Check out").click()
    page.wait_for_url("**/order/*")
    expect(page.locator(".purchase")).to_contain_text("0 of 2 paid")
    expect_figures(page, "tfoot", USD)
    page.get_by_role("button", name="Pay USD\xa062.10 on Stripe’s page").click()
    expect_figures(page, "body", USD)
    pay(page)
    expect(page.locator(".purchase")).to_contain_text("1 of 2 paid")
    expect_figures(page, "tfoot", USD)
    expect(page.locator("#cart-count")).to_have_text("")
    page.get_by_role("button", name="Continue with the payment in EUR").click()
    expect_figures(page, "body", EUR)
    pay(page)
    expect(page.locator(".purchase")).to_contain_text("2 of 2 paid")
    expect_figures(page, "tfoot", EUR)


@with_javascript
def test_one_currency_is_paid_on_stripes_page_and_the_other_on_the_shops_own(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Check out").click()
    page.get_by_role("button", name="Pay USD\xa062.10 on Stripe’s page").click()
    expect_figures(page, "body", USD)
    pay(page)
    page.locator(".purchase").get_by_role("link", name=re.compile("EUR")).click()
    expect(page.locator(".purchase")).to_contain_text("1 of 2 paid")
    page.get_by_role("link", name="Pay EUR\xa083.16 here").click()
    page.wait_for_url("**/pay")
    expect_figures(page, "tfoot", EUR)
    give_card(page)
    page.get_by_role("button", name="Pay EUR\xa083.16").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")
    expect(page.locator(".purchase")).to_contain_text("2 of 2 paid")
    expect_figures(page, "tfoot", EUR)


def test_quantities_are_changed_and_items_removed_in_the_cart(page: Page) -> None:
    add(page, 1, 1)
    add(page, 2, 1)
    page.goto("/cart")
    page.get_by_label("Quantity of Stoneware Mug").fill("3")
    page.get_by_role("button", name="Update Stoneware Mug").click()
    expect(page.locator("#cart-USD tbody")).to_contain_text("3 × USD\xa024.00")
    page.get_by_role("button", name="Remove Linen Market Tote").click()
    expect(page.locator("#cart-EUR")).to_have_count(0)
    expect(page.locator("#cart-count")).to_have_text("3")
    page.get_by_role("button", name="Remove Stoneware Mug").click()
    expect(page.locator("main")).to_contain_text("Your cart is empty")


@without_javascript
def test_without_javascript_what_was_typed_counts_whatever_is_pressed(page: Page) -> None:
    add(page, 1, 1)
    add(page, 2, 1)
    page.goto("/cart")
    page.get_by_label("Quantity of Linen Market Tote").fill("0")
    page.get_by_label("Quantity of Stoneware Mug").fill("4")
    page.get_by_role("button", name="Check out").click()
    expect(page.get_by_role("status")).to_contain_text("please look at the total, then check out")
    expect(page.locator("#cart-USD tbody")).to_contain_text("4 × USD\xa024.00")
    expect(page.locator("#cart-EUR")).to_have_count(0)
    page.get_by_label("Quantity of Stoneware Mug").fill("3")
    page.get_by_label("Quantity of Stoneware Mug").press("Enter")
    expect(page.locator("#cart-USD tbody")).to_contain_text("3 × USD\xa024.00")
    page.get_by_label("Discount code").fill("ten")
    page.get_by_label("Discount code").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The code TEN is in your cart")
    page.get_by_role("button", name="Check out").click()
    page.wait_for_url("**/sandbox/checkout/**")
    expect(page.locator("body")).to_contain_text("3 × USD\xa024.00")


@with_javascript
def test_with_javascript_none_removes_the_line_and_enter_uses_the_code(page: Page) -> None:
    add(page, 1, 1)
    add(page, 2, 1)
    page.goto("/cart")
    quantity = page.get_by_label("Quantity of Linen Market Tote")
    quantity.fill("0")
    quantity.press("Tab")
    expect(page.get_by_role("status")).to_contain_text("The item is removed from your cart")
    expect(page.locator("#cart-EUR")).to_have_count(0)
    page.get_by_label("Discount code").fill("ten")
    page.get_by_label("Discount code").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The code TEN is in your cart")


@with_javascript
def test_two_items_put_in_before_the_shop_has_answered_are_both_in_the_cart(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Add to cart").first.evaluate(
        "(button) => [button, ...document.querySelectorAll('.card button')].slice(0, 3).forEach((one) => one.click())"
    )
    expect(page.locator("#cart-count")).to_have_text("3")
    page.goto("/cart")
    expect(page.locator("#cart-count")).to_have_text("3")
    expect(page.get_by_label("Quantity of")).to_have_count(2)


@with_javascript
def test_enter_in_a_quantitys_field_changes_it_once(page: Page) -> None:
    add(page, 1, 1)
    page.goto("/cart")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Quantity of Stoneware Mug").fill("3")
    page.get_by_label("Quantity of Stoneware Mug").press("Enter")
    expect(page.locator("#cart-USD tbody")).to_contain_text("3 × USD\xa024.00")
    page.get_by_label("Quantity of Stoneware Mug").fill("4")
    page.get_by_role("button", name="Update Stoneware Mug").click()
    expect(page.locator("#cart-USD tbody")).to_contain_text("4 × USD\xa024.00")
    assert [url.partition("/cart/")[2] for url in sent] == ["change", "change"]
    expect(page.get_by_role("status").locator("p")).to_have_count(1)


def test_a_code_is_taken_off_by_a_button_of_its_own(page: Page) -> None:
    add(page, 1, 1)
    page.goto("/cart")
    page.get_by_label("Discount code").fill("ten")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#cart-USD")).to_contain_text("Ten off")
    page.get_by_role("button", name="Remove Discount code").click()
    expect(page.get_by_role("status")).to_contain_text("Your cart has no discount code now")
    expect(page.locator("#cart-USD")).not_to_contain_text("Ten off")
    expect(page.get_by_role("button", name="Remove Discount code")).to_have_count(0)


def test_a_price_that_changes_while_the_cart_is_open_is_seen_before_it_is_paid(page: Page, shop: Shop) -> None:
    add(page, 3, 1)
    page.goto("/cart")
    shop.manage("shell", "-c", RAISE.format(3, 199))
    try:
        page.get_by_role("button", name="Check out").click()
        expect(page.get_by_role("status")).to_contain_text("nothing was ordered")
        expect(page.locator("#cart-USD")).to_contain_text("it was USD\xa0189.00, and is USD\xa0199.00 now")
        page.get_by_role("button", name="Accept the changes and check out").click()
        page.wait_for_url("**/sandbox/checkout/**")
        expect(page.locator("body")).to_contain_text("USD\xa0238.80")
    finally:
        shop.manage("shell", "-c", RAISE.format(3, 189))


@with_javascript
def test_with_javascript_nothing_is_reloaded_and_a_typed_quantity_counts_at_once(page: Page) -> None:
    add(page, 1, 1)
    page.goto("/cart")
    page.evaluate("document.body.dataset.same = 'yes'")
    quantity = page.get_by_label("Quantity of Stoneware Mug")
    quantity.fill("4")
    quantity.press("Tab")
    expect(page.locator("#cart-USD tbody")).to_contain_text("4 × USD\xa024.00")
    page.get_by_label("Discount code").fill("nonsense")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("status")).to_contain_text("There is no discount with the code NONSENSE")
    page.get_by_role("button", name="Remove Stoneware Mug").click()
    expect(page.locator("main")).to_contain_text("Your cart is empty")
    assert page.evaluate("document.body.dataset.same") == "yes"


@with_javascript
def test_a_quantity_typed_just_before_checking_out_counts_and_its_total_is_seen_first(page: Page) -> None:
    add(page, 1, 1)
    page.goto("/cart")
    page.get_by_label("Quantity of Stoneware Mug").press_sequentially("2")
    page.get_by_role("button", name="Check out").click()
    expect(page.locator("#cart-USD tbody")).to_contain_text("21 × USD\xa024.00")
    expect(page.get_by_role("status")).to_contain_text("The quantity is changed")
    expect(page.locator("main")).not_to_contain_text("nothing was ordered")
    page.get_by_role("button", name="Check out").click()
    page.wait_for_url("**/sandbox/checkout/**")
    expect(page.locator("body")).to_contain_text("21 × USD\xa024.00")


@with_javascript
def test_who_uses_the_keyboard_keeps_the_place_in_the_cart(page: Page) -> None:
    add(page, 1, 1)
    add(page, 2, 1)
    page.goto("/cart")
    update = page.get_by_role("button", name="Update Stoneware Mug")
    page.get_by_label("Quantity of Stoneware Mug").fill("3")
    update.press("Enter")
    expect(page.locator("#cart-USD tbody")).to_contain_text("3 × USD\xa024.00")
    expect(update).to_be_focused()
    page.get_by_role("button", name="Remove Stoneware Mug").press("Enter")
    expect(page.locator("#cart-USD")).to_have_count(0)
    expect(page.locator("#cart")).to_be_focused()


@with_javascript
def test_what_is_said_of_a_code_does_not_cover_its_field(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    for item in (1, 2):
        add(page, item, 1)
    page.goto("/cart")
    code = page.get_by_label("Discount code")
    code.fill("NONSENSE")
    code.press("Enter")
    said = page.locator(".said.passing")
    expect(said).to_be_visible()
    expect(code).to_be_focused()
    field, words = code.bounding_box(), said.bounding_box()
    assert field
    assert words
    assert field["y"] >= 0
    assert field["y"] + field["height"] <= words["y"]


@with_javascript
def test_a_shop_that_cannot_be_reached_is_said_in_words(page: Page) -> None:
    page.goto("/item/1")
    page.route("**/cart/add/1", lambda route: route.abort())
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("status")).to_contain_text("check your connection")


def test_two_tabs_show_one_cart_and_a_checkout_on_an_old_one_orders_nothing(browser: Browser, shop: Shop) -> None:
    context = browser.new_context(base_url=shop.url)
    first, second = context.new_page(), context.new_page()
    add(first, 1, 1)
    first.goto("/cart")
    add(second, 2, 1)
    first.get_by_role("button", name="Check out").click()
    expect(first.get_by_role("status")).to_contain_text("nothing was ordered")
    expect(first.locator("main")).to_contain_text("paid in 2 payments")
    context.close()
