"""Every page of the shop, to be looked at by people and by tools. A new page is one more line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Playwright, ViewportSize

from payments.tests.browser_fixtures import launch
from payments.tests.stage import ORIGIN, Stage


@dataclass(frozen=True)
class Place:
    """A page. What stands in braces, and the name of a cart, is a fact of the stage."""

    name: str
    path: str = "/healthz"
    cart: str = ""
    # Answered only when something is wrong: what the stage was answered is put into a page that has nothing in it.
    problem: str = ""
    is_staffs: bool = False


def staffs(name: str, path: str) -> Place:
    return Place(f"admin-{name}", f"/admin/{path}", is_staffs=True)


SHOP = [
    Place("catalog", "/"),
    Place("catalog-of-a-currency", "/?currency=EUR"),
    Place("catalog-empty", "/?currency=JPY"),
    Place("item", "/item/1"),
    Place("item-with-tax", "/item/2"),
    Place("item-sold-out", "/item/{sold_out}"),
    Place("item-not-on-sale", "/item/{not_on_sale}"),
    Place("cart-empty", "/cart"),
    Place("cart", "/cart", cart="cart_discounted"),
    Place("cart-with-problems", "/cart", cart="cart_with_problems"),
    Place("order-pending", "/order/{order_pending}"),
    Place("order-canceled", "/order/{order_pending}/cancel"),
    Place("order-processing", "/order/{order_processing}"),
    Place("order-paid", "/order/{order_paid}"),
    Place("order-free", "/order/{order_free}"),
    Place("order-partly-refunded", "/order/{order_partly_refunded}"),
    Place("order-refunded", "/order/{order_refunded}"),
    Place("order-of-two", "/order/{order_of_two}"),
    Place("pay", "/order/{order_pending}/pay"),
    Place("problem-400", problem="400"),
    Place("problem-403", problem="403"),
    Place("problem-403-form", problem="403-form"),
    Place("problem-404", "/item/999999"),
    Place("problem-405", problem="405"),
    Place("problem-409", problem="409"),
    Place("problem-429", problem="429"),
    Place("problem-500", problem="500"),
    Place("problem-503", problem="503"),
]
STAND_IN = [
    Place("stripe-checkout", "{session_open}"),
    Place("stripe-checkout-declined", "{session_declined}"),
    Place("stripe-confirm", "{session_confirm}/confirm"),
    Place("stripe-closed", "{session_paid}"),
    Place("stripe-not-found", "/sandbox/checkout/cs_test_none"),
    Place("stripe-dashboard", "/sandbox/payments/{intent_paid}", is_staffs=True),
]
ADMIN = [
    Place("admin-login", "/admin/login/"),
    staffs("index", ""),
    staffs("guide", "guide/"),
    staffs("board", "board/?period=own&first=2026-03-01&last=2026-03-31"),
    staffs("items", "payments/item/"),
    staffs("item", "payments/item/1/change/"),
    staffs("item-add", "payments/item/add/"),
    staffs("item-copy", "payments/item/1/copy/"),
    staffs("item-import", "payments/item/import/"),
    staffs("orders", "payments/order/"),
    staffs("order", "payments/order/{order_paid_number}/change/"),
    staffs("order-pending", "payments/order/{order_pending_number}/change/"),
    staffs("packing-slip", "payments/order/packing-slips/?order={order_paid_number}"),
    staffs("order-add", "payments/order/add/"),
    staffs("payments", "payments/payment/"),
    staffs("payment", "payments/payment/{payment}/change/"),
    staffs("refund", "payments/payment/{payment}/refund/"),
    staffs("discounts", "payments/discount/"),
    staffs("discount-add", "payments/discount/add/"),
    staffs("taxes", "payments/tax/"),
    staffs("events", "payments/stripeevent/"),
    staffs("refunds", "payments/refund/"),
    staffs("disputes", "payments/dispute/"),
    staffs("tax-add", "payments/tax/add/"),
    staffs("item-history", "payments/item/1/history/"),
    staffs("item-delete", "payments/item/1/delete/"),
    staffs("users", "auth/user/"),
    staffs("user", "auth/user/1/change/"),
    staffs("groups", "auth/group/"),
    staffs("password", "password_change/"),
]
PLACES = {place.name: place for place in SHOP + STAND_IN + ADMIN}

PHONE: ViewportSize = {"width": 390, "height": 844}
SIZES: dict[str, ViewportSize] = {"phone": PHONE, "desktop": {"width": 1280, "height": 800}}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@contextmanager
def open_browser(playwright: Playwright, stage: Stage) -> Iterator[Browser]:
    """One that finds the stage by the name that its pages show."""
    browser = launch(playwright, f"--host-resolver-rules={stage.resolver_rules}")
    yield browser
    browser.close()


@contextmanager
def visit(browser: Browser, stage: Stage, place: Place, *, language: str = "en", **options: Any) -> Iterator[Page]:
    """The page, loaded, in a browser of its own; `options` are those of Playwright's `new_context`."""
    context = browser.new_context(base_url=ORIGIN, locale=language, **{"viewport": PHONE, **options})
    context.add_cookies([{"name": name, "value": value, "url": ORIGIN} for name, value in cookies(stage, place)])
    page = context.new_page()
    page.goto(place.path.format(**facts_in(language, stage)))
    if place.problem:
        page.set_content(stage.facts["problems"][place.problem][language])
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def facts_in(language: str, stage: Stage) -> dict[str, Any]:
    """Some pages have an address for each language."""
    return {name: fact.get(language, fact) if isinstance(fact, dict) else fact for name, fact in stage.facts.items()}


def cookies(stage: Stage, place: Place) -> Iterator[tuple[str, str]]:
    if place.cart:
        yield "cart", stage.facts[place.cart]
    if place.is_staffs:
        yield "sessionid", stage.facts["staff"]
