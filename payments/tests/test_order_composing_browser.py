"""In a real browser: staff composes an order, sees what it comes to, and copies its link for the shopper."""

import pytest
from playwright.sync_api import Page, expect

from payments.tests.shop_process import Shop

pytestmark = pytest.mark.browser

ADJUSTMENTS = """
from payments.models import *
Discount.objects.get_or_create(name="Ten off", defaults=dict(percent=10))
Tax.objects.get_or_create(display_name="VAT", defaults=dict(percentage=20, inclusive=False))
"""


@pytest.fixture(autouse=True)
def adjustments(shop: Shop) -> None:
    shop.manage("shell", "-c", ADJUSTMENTS)


def choose(page: Page, line: int, item: str, quantity: str) -> None:
    page.locator(f"#lines-{line} .select2-selection").click()
    page.locator(".select2-search__field").fill(item.split(",")[0].lower())
    page.get_by_role("option", name=item).click()
    page.locator(f"#id_lines-{line}-quantity").fill(quantity)


def test_the_total_follows_every_change_and_the_link_is_copied(admin_page: Page, shop: Shop) -> None:
    page = admin_page
    page.goto("/admin/payments/order/add/")
    totals = page.locator("#order-totals")
    choose(page, 0, "Stoneware Mug, USD\xa024.00", "3")
    expect(totals).to_have_text("Subtotal USD\xa072.00 · Total USD\xa072.00")
    expect(page.locator("#lines-0 .field-sum")).to_have_text("USD\xa072.00")
    page.get_by_text("Add another Order line").click()
    choose(page, 1, "Linen Market Tote, EUR\xa038.50", "1")
    expect(totals).to_contain_text("these items are in EUR and USD: make an order for each")
    choose(page, 1, "Beeswax Candle, USD\xa09.50", "2")
    expect(totals).to_contain_text("Total USD\xa091.00")
    page.get_by_label("Discount:").select_option(label="Ten off")
    page.get_by_label("VAT 20% (on top)").check()
    expect(totals).to_contain_text("Ten off −USD\xa09.10 · VAT 20% USD\xa016.38 · Total USD\xa098.28")
    page.locator("#lines-1").get_by_text("Remove").click()
    expect(totals).to_contain_text("Total USD\xa077.76")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(totals).to_contain_text("Total USD\xa077.76")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.get_by_label("Payment link").input_value()
    page.goto(link)
    expect(page.locator("tfoot")).to_contain_text("USD\xa077.76")


def test_the_link_is_sent_from_the_orders_page(admin_page: Page) -> None:
    page = admin_page
    page.goto("/admin/payments/order/add/")
    choose(page, 0, "Stoneware Mug, USD\xa024.00", "1")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Send it to").fill("shopper@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator(".messagelist")).to_contain_text("The link was sent to shopper@example.com")
    expect(page.get_by_label("Send it to")).to_have_value("shopper@example.com")
