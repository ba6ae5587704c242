"""In a real browser: staff gives money back, a dashboard does, a cardholder contests; the shop hears of all of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from payments.tests.browser_fixtures import pay

pytestmark = pytest.mark.browser

DISPUTED = "4000 0000 0000 0259"


def buy(page: Page, number: str = "4242 4242 4242 4242") -> str:
    """The address of the paid order."""
    page.goto("/")
    page.get_by_role("link", name=re.compile("Stoneware Mug")).click()
    page.get_by_role("button", name="Buy", exact=False).first.click()
    pay(page, number)
    expect(page.get_by_role("heading", name="Thank you! Your order is paid")).to_be_visible()
    return page.url.split("/success")[0]


def last_order(page: Page) -> None:
    page.goto("/admin/payments/order/")
    page.locator("#result_list tbody th a").first.click()


def test_a_double_click_refunds_once_and_the_shopper_sees_it(admin_page: Page) -> None:
    page = admin_page
    receipt = buy(page)
    last_order(page)
    page.get_by_role("link", name="Refund", exact=True).first.click()
    page.get_by_label("Amount in USD").fill("10.00")
    page.get_by_label("Note").fill("Arrived broken")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Refund USD\xa010.00").dblclick()
    expect(page.get_by_text("USD\xa010.00 was refunded.").first).to_be_visible()
    last_order(page)
    expect(page.get_by_text(re.compile(r"Refund of USD\xa010.00 by admin"))).to_have_count(1)
    page.goto(receipt)
    expect(page.get_by_text("USD\xa010.00 was refunded on")).to_have_count(1)


def test_a_refund_in_the_dashboard_and_a_dispute_flow_back(admin_page: Page) -> None:
    page = admin_page
    buy(page, DISPUTED)
    last_order(page)
    reload_until(page, "Needs an answer · answer by")
    page.get_by_role("link", name=re.compile("pi_")).click()
    page.get_by_role("button", name="The bank decides for the shop").click()
    expect(page.get_by_text("won", exact=False)).to_be_visible()
    page.get_by_label("Refund in USD").fill("4.00")
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("Refund of USD\xa04.00 · succeeded")).to_be_visible()
    last_order(page)
    reload_until(page, "USD\xa04.00 by Stripe's dashboard")
    page.goto("/admin/payments/order/")
    expect(page.locator("#result_list tbody tr").first).to_contain_text("Partly refunded Dispute won")


def reload_until(page: Page, text: str) -> None:
    """Webhooks take a moment."""
    for _ in range(40):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"The page never said: {text}")
