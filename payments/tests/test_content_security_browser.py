"""In a real browser: no page breaks the shop's own Content Security Policy, and what somebody slips in does not run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from payments.gateway.keys import read_keypairs
from payments.tests.browser_fixtures import pay
from payments.tests.shop_process import Shop, running_shop, sandbox_keypair
from payments.tests.stripe_server import StripeServer

pytestmark = pytest.mark.browser

# By "securitypolicyviolation" Chromium tells also what it does not write to its console.
LISTEN = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`Content Security Policy: ${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`);
});
"""


@pytest.fixture
def context(browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=shop.url, locale="en-US")
    context.add_init_script(LISTEN)
    yield context
    context.close()


@pytest.fixture
def violations(context: BrowserContext) -> list[str]:
    """What the browser's console says of the policy, on every page of the context and in their frames."""
    found: list[str] = []
    context.on("console", lambda message: found.append(message.text) if is_violation(message.text) else None)
    return found


def is_violation(text: str) -> bool:
    return "content security policy" in text.lower()


def test_no_page_of_a_purchase_breaks_the_policy(context: BrowserContext, violations: list[str]) -> None:
    page = context.new_page()
    for path in ("/", "/?currency=EUR", "/cart", "/item/999", "/order/1"):
        visit(page, path)
    visit(page, "/item/1")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#cart-count")).to_have_text("1")
    visit(page, "/cart")
    page.get_by_role("button", name="Check out").click()
    page.wait_for_url("**/sandbox/checkout/**")
    pay(page, "4000 0000 0000 0002")
    expect(page.get_by_text("Your card was declined").first).to_be_visible()
    pay(page, "4000 0025 0000 3155")
    page.get_by_role("button", name=re.compile("Complete")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")
    page.go_back()
    visit(page, "/sandbox/checkout/cs_test_none")
    assert violations == []


def test_no_page_of_paying_here_breaks_the_policy(context: BrowserContext, violations: list[str]) -> None:
    page = context.new_page()
    visit(page, "/item/2")
    page.get_by_role("button", name="Pay here").click()
    page.wait_for_url("**/order/*/pay")
    page.get_by_label("E-mail").fill("shopper@example.com")
    card = page.frame_locator("iframe[title='Secure payment input frame']")
    card.get_by_label("Card number").fill("4000 0025 0000 3155")
    card.get_by_label("Expiry").fill("12 / 34")
    card.get_by_label("CVC").fill("123")
    page.locator("#pay-here-button").click()
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")
    assert violations == []


def test_no_page_of_the_admin_breaks_the_policy(context: BrowserContext, violations: list[str]) -> None:
    page = context.new_page()
    visit(page, "/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Find an order")).to_be_visible()
    page.goto("/buy/1")
    for model in ("item", "order", "payment", "stripeevent", "discount", "tax"):
        visit(page, f"/admin/payments/{model}/")
    for model in ("item", "order", "discount", "tax"):
        visit(page, f"/admin/payments/{model}/add/")
    visit(page, "/admin/payments/item/1/change/")
    visit(page, "/admin/payments/item/1/history/")
    visit(page, "/admin/payments/item/1/delete/")
    visit(page, "/admin/payments/discount/add/")
    page.locator(".add-row a").click()
    visit(page, "/admin/payments/order/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    page.locator(".add-row a").first.click()
    assert violations == []


def visit(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")


def test_a_script_or_a_style_that_was_slipped_in_does_nothing(context: BrowserContext, violations: list[str]) -> None:
    def with_injection(route: Any) -> None:
        response = route.fetch()
        slipped_in = (
            "<script>document.title = 'broken into'</script>"
            "<img src=/x onerror=\"document.title = 'broken into'\">"
            "<style>h1 { display: none }</style>"
            "<script src=https://evil.example/x.js></script>"
            "<form action=https://evil.example/ method=post><button id=evil>Go</button></form>"
        )
        route.fulfill(response=response, body=response.text().replace("<h1>", f"{slipped_in}<h1>"))

    page = context.new_page()
    page.route("**/item/1", with_injection)
    visit(page, "/item/1")
    expect(page).to_have_title(re.compile("Storefront"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("#evil").evaluate("button => button.click()")
    page.wait_for_timeout(500)
    assert page.evaluate("location.pathname") == "/item/1"
    told = " ".join(violations)
    for directive in ("script-src-elem", "script-src-attr", "style-src-elem", "form-action", "evil.example"):
        assert directive in told


def test_with_stripes_own_pages_and_scripts_the_policy_holds_as_well(
    browser: Browser, stripe_server: StripeServer, settings: Any, tmp_path: Path
) -> None:
    keypair = sandbox_keypair("USD", "made_up_")
    settings.STRIPE_KEYPAIRS = read_keypairs(keypair)
    stripe_server.changes = {"url": "https://checkout.stripe.com/c/pay/cs_test_1"}
    with running_shop(tmp_path, STRIPE_API_BASE=stripe_server.url, **keypair) as shop:
        for javascript in (True, False):
            assert violations_on_the_way_to_stripe(browser, shop, javascript) == []


def violations_on_the_way_to_stripe(browser: Browser, shop: Shop, javascript: bool) -> list[str]:
    context = browser.new_context(base_url=shop.url, java_script_enabled=javascript)
    told: list[str] = []
    context.on("console", lambda message: told.append(message.text))
    context.route("https://checkout.stripe.com/**", lambda route: route.fulfill(body="Stripe's page"))
    context.route("https://js.stripe.com/**", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page = context.new_page()
    page.goto("/item/1")
    page.get_by_role("button", name="Buy").click()
    page.wait_for_url("https://checkout.stripe.com/**")
    context.close()
    return [text for text in told if is_violation(text)]
