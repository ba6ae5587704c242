"""The stand-in's Payment Element in a real browser, on a page of the shop's own origin under a strict policy."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect, sync_playwright

from payments.tests.browser_fixtures import CHROMIUM_OPTIONS, is_complaint
from payments.tests.sandbox_client import event_types, stripe_of
from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

pytestmark = pytest.mark.browser
PAYS, DECLINES, ASKS = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"
HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page of the shop</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="/static/shop/icon.svg">
<script src="/static/sandbox/stripe.js"></script></head><body><div id="element"></div></body></html>"""
POLICY = "default-src 'self'; frame-ancestors 'none'"
MOUNT = """(clientSecret) => new Promise((resolve) => {
  window.told = [];
  window.stripe = Stripe("pk_test_sandbox_usd");
  window.elements = stripe.elements({ clientSecret, locale: "en", appearance: { theme: "stripe" } });
  window.element = elements.create("payment", { layout: "tabs" });
  element.on("change", (event) => told.push(event)).on("ready", resolve).mount("#element");
})"""
CONFIRM = "() => stripe.confirmPayment({ elements, redirect: 'if_required' })"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Shop]:
    with running_shop(folder, **sandbox_keypair("USD"), **sandbox_keypair("EUR")) as shop:
        yield shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "No Chromium: install it, or say where it is in CHROMIUM."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def same_stand_in(folder: Path, settings: Any, sandbox: None) -> None:
    """The test asks the very stand-in that the shop's processes use."""
    settings.STRIPE_SANDBOX_DATABASE = str(folder / "sandbox.sqlite3")


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """A page of the shop that loads the script, in a browser that reports no error and no breach of the policy."""
    context = browser.new_context(base_url=shop.url, viewport={"width": 390, "height": 844}, locale="en-US")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.route("**/pay-here*", serve_page)
    page.goto("/pay-here")
    yield page
    context.close()
    assert complaints == []


def serve_page(route: Route) -> None:
    route.fulfill(body=HTML, content_type="text/html", headers={"Content-Security-Policy": POLICY})


def new_intent(amount: int = 1900, currency: str = "usd") -> stripe.PaymentIntent:
    return stripe_of(currency.upper()).v1.payment_intents.create({"amount": amount, "currency": currency})


def mount(page: Page) -> stripe.PaymentIntent:
    intent = new_intent()
    page.evaluate(MOUNT, intent.client_secret)
    return intent


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure payment input frame']")


def fill(page: Page, number: str = PAYS, choice: str = "Deliver it") -> None:
    frame = frame_of(page)
    frame.get_by_label("Card number").fill(number)
    frame.get_by_label("Expiry").fill("12 / 34")
    frame.get_by_label("CVC").fill("123")
    radio = frame.get_by_label(choice, exact=True)
    if not radio.is_visible():
        frame.get_by_text("For testing: the webhook and the bank").click()
    radio.check()


def again(intent: stripe.PaymentIntent) -> stripe.PaymentIntent:
    return stripe_of(intent.currency.upper()).v1.payment_intents.retrieve(intent.id)


def happened(intent: stripe.PaymentIntent, type: str) -> list[stripe.Event]:
    events = stripe_of("USD").v1.events.list({"type": type, "limit": 100}).data
    return [event for event in events if event.data.object.to_dict()["id"] == intent.id]


def wait_until(page: Page, true: Callable[[], bool]) -> None:
    for _ in range(100):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It did not happen within ten seconds.")


def test_the_element_takes_a_card_and_pays(page: Page) -> None:
    intent = mount(page)
    fill(page)
    result = page.evaluate(CONFIRM)
    assert result["paymentIntent"]["status"] == "succeeded"
    assert (result["paymentIntent"]["id"], result["paymentIntent"]["amount"]) == (intent.id, 1900)
    assert again(intent).status == "succeeded"


def test_the_webhook_of_the_payment_is_sent_to_the_shop_in_which_the_payer_was(page: Page) -> None:
    intent = mount(page)
    fill(page)
    page.evaluate(CONFIRM)
    wait_until(page, lambda: happened(intent, "payment_intent.succeeded")[0].pending_webhooks == 0)


def test_the_shops_page_never_sees_the_card_and_no_other_site_may_frame_it(page: Page, shop: Shop) -> None:
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    intent = mount(page)
    fill(page)
    page.evaluate(CONFIRM)
    assert page.locator("input").count() == 0
    assert posted == [f"{shop.url}/sandbox/payment_intents/{intent.id}/confirm"]
    headers = page.request.get("/sandbox/elements/payment").headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert page.request.get("/").headers["x-frame-options"] == "DENY"


def test_the_payer_is_sent_on_to_the_return_url_with_the_intent(page: Page, shop: Shop) -> None:
    intent = mount(page)
    fill(page)
    page.evaluate("() => void stripe.confirmPayment({ elements, confirmParams: { return_url: '/pay-here?order=7' } })")
    page.wait_for_url("**/pay-here?order=7&**")
    assert parse_qs(urlsplit(page.url).query) == {
        "order": ["7"],
        "payment_intent": [intent.id],
        "payment_intent_client_secret": [intent.client_secret],
        "redirect_status": ["succeeded"],
    }


def test_a_declined_card_is_told_and_another_pays(page: Page) -> None:
    intent = mount(page)
    fill(page, DECLINES)
    error = page.evaluate(CONFIRM)["error"]
    assert (error["type"], error["code"], error["decline_code"]) == ("card_error", "card_declined", "generic_decline")
    assert error["message"] == "Your card was declined."
    assert error["payment_intent"]["status"] == "requires_payment_method"
    fill(page)
    assert page.evaluate(CONFIRM)["paymentIntent"]["status"] == "succeeded"
    assert len(stripe_of("USD").v1.charges.list({"payment_intent": intent.id}).data) == 2


@pytest.mark.parametrize(
    ("button", "status"), [("Complete", "succeeded"), ("Fail authentication", "requires_payment_method")]
)
def test_a_card_that_asks_opens_the_banks_question_over_the_page(page: Page, button: str, status: str) -> None:
    intent = mount(page)
    fill(page, ASKS)
    page.evaluate(
        "() => { stripe.confirmPayment({ elements, redirect: 'if_required' }).then((r) => window.result = r) }"
    )
    question = page.frame_locator("dialog iframe[title='Confirm the payment']")
    expect(question.locator("body")).to_contain_text("USD 19.00")
    question.get_by_role("button", name=button).click()
    expect(page.locator("dialog")).to_have_count(0)
    page.wait_for_function("() => window.result")
    result = page.evaluate("() => result")
    assert (result.get("paymentIntent") or result["error"]["payment_intent"])["status"] == status
    assert status == "succeeded" or result["error"]["code"] == "payment_intent_authentication_failure"
    assert again(intent).status == status


def test_mistakes_are_told_beside_their_fields_and_by_submit(page: Page) -> None:
    intent = mount(page)
    frame = frame_of(page)
    error = page.evaluate("() => elements.submit()")["error"]
    assert (error["type"], error["code"]) == ("validation_error", "incomplete_number")
    expect(frame.get_by_label("Card number")).to_have_attribute("aria-invalid", "true")
    expect(frame.get_by_label("CVC")).to_have_accessible_description("Your card’s security code is incomplete.")
    fill(page, "5555 5555 5555 4444")
    expect(frame.get_by_text("incomplete")).to_have_count(0)
    assert page.evaluate("() => elements.submit()") == {"selectedPaymentMethod": "card"}
    error = page.evaluate(CONFIRM)["error"]
    assert (error["type"], error["code"]) == ("validation_error", "invalid_number")
    expect(frame.get_by_label("Card number")).to_have_accessible_description(re.compile("This is not a test card"))
    assert again(intent).status == "requires_payment_method"


def test_the_page_is_told_when_the_card_is_complete(page: Page) -> None:
    mount(page)
    fill(page)
    told = page.evaluate("() => told")
    assert (told[0]["empty"], told[0]["complete"]) == (False, False)
    assert told[-1] == {
        "elementType": "payment",
        "empty": False,
        "complete": True,
        "collapsed": False,
        "value": {"type": "card"},
    }


def test_confirming_twice_at_once_pays_once(page: Page) -> None:
    intent = mount(page)
    fill(page)
    once = "stripe.confirmPayment({ elements, redirect: 'if_required' })"
    results = page.evaluate(f"() => Promise.all([{once}, {once}])")
    assert sorted("error" in result for result in results) == [False, True]
    refused = next(result["error"] for result in results if "error" in result)
    assert (refused["code"], refused["payment_intent"]["status"]) == ("payment_intent_unexpected_state", "succeeded")
    assert len(stripe_of("USD").v1.charges.list({"payment_intent": intent.id}).data) == 1


@pytest.mark.parametrize(
    ("choice", "status", "event"),
    [
        ("The bank takes 10 seconds", "succeeded", "payment_intent.succeeded"),
        ("The bank takes 10 seconds and refuses", "requires_payment_method", "payment_intent.payment_failed"),
    ],
)
def test_a_bank_that_takes_its_time_decides_without_anybody_asking(
    page: Page, choice: str, status: str, event: str
) -> None:
    intent = mount(page)
    fill(page, choice=choice)
    assert page.evaluate(CONFIRM)["paymentIntent"]["status"] == "processing"
    page.wait_for_timeout(11_500)
    found = page.evaluate("(secret) => stripe.retrievePaymentIntent(secret)", intent.client_secret)
    assert found["paymentIntent"]["status"] == status
    assert len(happened(intent, event)) == 1


def test_an_intent_may_be_made_after_the_card_was_given(page: Page) -> None:
    mount(page)
    deferred = "{ mode: 'payment', amount: 1900, currency: 'usd' }"
    page.evaluate("() => element.destroy()")
    page.evaluate(
        f"() => new Promise((r) => (elements = stripe.elements({deferred})).create('payment').on('ready', r)"
        ".mount(document.getElementById('element')))"
    )
    fill(page)
    assert page.evaluate("() => elements.submit()") == {"selectedPaymentMethod": "card"}
    params = "{ elements, clientSecret, redirect: 'if_required' }"
    result = page.evaluate(f"(clientSecret) => stripe.confirmPayment({params})", new_intent().client_secret)
    assert result["paymentIntent"]["status"] == "succeeded"


def test_an_unmounted_element_can_be_mounted_again_and_pays(page: Page) -> None:
    mount(page)
    page.evaluate("() => element.unmount()")
    assert page.locator("iframe").count() == 0
    page.evaluate("() => element.mount(document.getElementById('element'))")
    fill(page)
    assert page.evaluate(CONFIRM)["paymentIntent"]["status"] == "succeeded"


def test_an_element_that_is_unmounted_while_it_pays_says_so(page: Page) -> None:
    mount(page)
    waiting = "const result = elements.submit(); element.destroy(); return result;"
    error = page.evaluate(f"async () => {{ {waiting} }}")["error"]
    assert error["message"] == "The Payment Element was unmounted."


MISUSES = {
    "a secret key": ("Stripe('sk_test_1')", "publishableKey should begin with pk_"),
    "no client secret": ("Stripe('pk_test_1').elements()", "Elements needs a clientSecret"),
    "another element": ("stripe.elements({ clientSecret: 'x' }).create('card')", "does not serve the element card"),
    "a second element": ("elements.create('payment')", "Can only create one Element"),
    "nowhere to mount": ("element.mount('#none')", "applies to no DOM elements"),
    "nothing mounted": ("stripe.confirmPayment({})", "should have a mounted Payment Element"),
    "no return_url": ("stripe.confirmPayment({ elements })", "return_url is required"),
    "a deferred intent": (
        "stripe.confirmPayment({ elements: { element }, redirect: 'if_required' })",
        "needs the clientSecret",
    ),
    "what is not served": (
        "stripe.confirmPayment({ elements, redirect: 'if_required', confirmParams: { shipping: {} } })",
        "does not serve confirmParams.shipping yet",
    ),
}


@pytest.mark.parametrize(("call", "message"), MISUSES.values(), ids=MISUSES)
def test_a_misuse_of_the_script_is_an_error_that_says_what_is_wrong(page: Page, call: str, message: str) -> None:
    mount(page)
    with pytest.raises(Exception, match=message):
        page.evaluate(f"async () => {call}")


def test_an_intent_of_another_account_or_with_another_secret_is_not_found(page: Page) -> None:
    mount(page)
    for secret in (new_intent(1900, "eur").client_secret, f"{new_intent().id}_secret_guessed"):
        found = page.evaluate("(secret) => stripe.retrievePaymentIntent(secret)", secret)
        assert found["error"]["code"] == "resource_missing"


def test_a_stand_in_that_cannot_be_reached_is_an_error_and_can_be_tried_again(page: Page) -> None:
    intent = mount(page)
    fill(page)
    page.route("**/sandbox/payment_intents/**", lambda route: route.abort())
    assert page.evaluate(CONFIRM)["error"]["type"] == "api_connection_error"
    found = page.evaluate("(secret) => stripe.retrievePaymentIntent(secret)", intent.client_secret)
    assert found["error"]["type"] == "api_connection_error"
    page.unroute("**/sandbox/payment_intents/**")
    assert page.evaluate(CONFIRM)["paymentIntent"]["status"] == "succeeded"


def test_events_of_the_account_tell_of_the_payments(page: Page) -> None:
    mount(page)
    fill(page)
    page.evaluate(CONFIRM)
    assert event_types()[:3] == ["charge.succeeded", "payment_intent.succeeded", "payment_intent.created"]
