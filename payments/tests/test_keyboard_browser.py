"""In a real browser: from the catalog to an order that is paid without touching a mouse, seeing where one is."""

from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

pytestmark = pytest.mark.browser
with_javascript = pytest.mark.parametrize("page", [True], ids=["with JavaScript"], indirect=True)
# More than any page has to be passed through.
MOST_STOPS = 80

FOCUSED = """
() => {
  const element = document.activeElement;
  if (!document.hasFocus() || ["BODY", "HTML", "IFRAME"].includes(element.tagName)) return null;
  const outlines = (part) => {
    const { outlineStyle, outlineWidth, content } = getComputedStyle(element, part);
    return outlineStyle !== "none" && parseFloat(outlineWidth) > 0 && !(part && content === "none");
  };
  const { top, bottom, width, height } = element.getBoundingClientRect();
  const name = element.ariaLabel || element.labels?.[0]?.innerText || element.textContent || element.value;
  return {
    name: name.trim().replace(/\\s+/g, " "),
    // A link whose ::after covers its card shows it there.
    isOutlined: [null, "::after"].some(outlines),
    isInView: bottom > 0 && top < innerHeight && width > 0 && height > 0,
    isWithinContent: !!element.closest("main"),
  };
}
"""


def focused(page: Page) -> dict[str, Any]:
    """What the next key goes to, in the page or in a frame of it."""
    found = [stop for stop in map(look_into, page.frames) if stop]
    return found[-1] if found else {"name": ""}


def look_into(frame: Frame) -> Any:
    return frame.evaluate(FOCUSED)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something is reached whose name begins so; where one is can be seen at every stop."""
    stops: list[str] = []
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        stop = focused(page)
        stops.append(stop["name"])
        if stop["name"]:
            assert stop["isOutlined"], f"Nothing shows that “{stop['name']}” has the focus."
            assert stop["isInView"], f"“{stop['name']}” has the focus and cannot be seen."
        if stop["name"].startswith(name):
            return
    raise AssertionError(f"“{name}” is not reached by Tab, only {stops}.")


def type_into(page: Page, name: str, text: str) -> None:
    tab_to(page, name)
    page.keyboard.type(text)


def type_card(page: Page) -> None:
    type_into(page, "Card number", "4242 4242 4242 4242")
    type_into(page, "Expiry", "12 / 34")
    type_into(page, "CVC", "123")


def pay_on_stripes_page(page: Page) -> None:
    page.wait_for_url("**/sandbox/checkout/**")
    type_into(page, "Email", "shopper@example.com")
    type_card(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


def test_an_item_is_bought_and_paid_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    tab_to(page, "Stoneware Mug")
    page.keyboard.press("Enter")
    page.wait_for_url("**/item/1")
    tab_to(page, "Quantity")
    tab_to(page, "Buy")
    page.keyboard.press("Space")
    pay_on_stripes_page(page)


def test_a_cart_is_filled_changed_and_paid_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    tab_to(page, "Add to cart Stoneware Mug")
    page.keyboard.press("Enter")
    expect(page.locator("#cart-count")).to_have_text("1")
    page.goto("/cart")
    tab_to(page, "Quantity of Stoneware Mug")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator("tfoot")).to_contain_text("USD\xa048.00")
    # Who checks out while a quantity is still being noted is asked to look at the total first.
    page.wait_for_load_state("networkidle")
    tab_to(page, "Check out")
    page.keyboard.press("Enter")
    pay_on_stripes_page(page)


@with_javascript
def test_an_order_is_paid_on_the_shops_own_page_by_keyboard_alone(page: Page) -> None:
    page.goto("/item/2")
    tab_to(page, "Pay here")
    page.keyboard.press("Enter")
    page.wait_for_url("**/order/*/pay")
    expect(page.locator("#pay-here-button")).to_be_enabled()
    type_into(page, "E-mail", "shopper@example.com")
    type_card(page)
    tab_to(page, "Pay EUR")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is paid")


@pytest.mark.parametrize("path", ["/", "/item/1", "/cart"])
def test_the_first_link_skips_to_the_content(page: Page, path: str) -> None:
    page.goto(path)
    page.keyboard.press("Tab")
    assert focused(page)["name"].startswith("Skip to the content")
    assert focused(page)["isInView"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page)["isWithinContent"]
