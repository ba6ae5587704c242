"""The stand-in's PaymentIntents: asked for through the real SDK, and paid as the Payment Element pays them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe
from django.test import Client

from payments.sandbox import store
from payments.sandbox.webhooks import courier
from payments.tests import stripe_spec
from payments.tests.sandbox_client import event_types, open_session, stripe_of

PAYS, DECLINES, ASKS = "4242 4242 4242 4242", "4000000000000002", "4000 0025 0000 3155"
ORDER: Any = {
    "amount": 1900,
    "currency": "USD",
    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    "description": "Order 7",
    "metadata": {"order": "7"},
    "receipt_email": "ada@example.com",
    "statement_descriptor_suffix": "ORDER 7",
}


def intents() -> Any:
    return stripe_of("USD").v1.payment_intents


def new_intent(**changes: Any) -> stripe.PaymentIntent:
    intent: stripe.PaymentIntent = intents().create(ORDER | changes)
    return intent


def confirm(intent: stripe.PaymentIntent, number: str = PAYS, **changes: str) -> Any:
    return confirm_in(Client(), intent, number=number, **changes)


def confirm_in(browser: Client, intent: stripe.PaymentIntent, **changes: str) -> Any:
    sent = {
        "key": "pk_test_sandbox_usd",
        "client_secret": intent.client_secret or "",
        "number": PAYS,
        "expiry": "12 / 34",
        "cvc": "123",
    }
    return browser.post(f"/sandbox/payment_intents/{intent.id}/confirm", sent | changes)


def question_of(intent: stripe.PaymentIntent, secret: str = "") -> str:
    query = f"key=pk_test_sandbox_usd&client_secret={secret or intent.client_secret}"
    return f"/sandbox/payment_intents/{intent.id}/authenticate?{query}"


def seen_by_browser(intent: stripe.PaymentIntent, **changes: str) -> Any:
    query = {"key": "pk_test_sandbox_usd", "client_secret": intent.client_secret or ""} | changes
    return Client().get(f"/sandbox/payment_intents/{intent.id}", query)


# --- Made, changed, canceled --------------------------------------------------------------------------------


def test_an_intent_repeats_what_the_shop_said_and_waits_for_a_card() -> None:
    intent = new_intent()
    said = ORDER | {"currency": "usd"}
    assert {name: intent.to_dict()[name] for name in said} == said
    assert (intent.status, intent.amount_received, intent.livemode) == ("requires_payment_method", 0, False)
    assert (intent.client_secret or "").startswith(f"{intent.id}_secret_")
    assert intents().retrieve(intent.id).to_dict() == intent.to_dict()
    assert [found.id for found in intents().list().data] == [intent.id]
    assert event_types() == ["payment_intent.created"]


def test_an_intent_takes_whatever_methods_the_account_has_unless_said_otherwise() -> None:
    intent = intents().create({"amount": 1900, "currency": "usd"})
    assert intent.automatic_payment_methods.to_dict() == {"allow_redirects": "always", "enabled": True}


INVALID = {
    "no amount": ({"amount": None}, "amount", "parameter_missing"),
    "no currency": ({"currency": None}, "currency", "parameter_missing"),
    "no such currency": ({"currency": "zzz"}, "currency", None),
    "a fraction": ({"amount": 19.5}, "amount", "parameter_invalid_integer"),
    "nothing": ({"amount": 0}, "amount", "parameter_invalid_integer"),
    "too small": ({"amount": 49}, "amount", "amount_too_small"),
    "too large": ({"amount": 100_000_000}, "amount", "amount_too_large"),
    "króna with aurar": ({"amount": 50_050, "currency": "isk"}, "amount", None),
    "removed": ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
    "misspelt": ({"automatic_payment_methods": {"enable": True}}, "automatic_payment_methods[enable]", None),
    "no e-mail": ({"receipt_email": "ada"}, "receipt_email", "email_invalid"),
    "a coupon": ({"discounts": [{"coupon": "SPRING"}]}, "discounts", "parameter_unknown"),
    "confirmed by the server": ({"confirm": True}, "confirm=true", None),
    "captured later": ({"capture_method": "manual"}, "capture_method=manual", None),
    "confirmed by hand": ({"confirmation_method": "manual"}, "confirmation_method=manual", None),
    "not automatic": ({"automatic_payment_methods": {"enabled": False}}, "automatic_payment_methods[enabled]=false", 0),
    "a customer": ({"customer": "cus_1"}, "customer", None),
}


@pytest.mark.parametrize(("changes", "param", "code"), INVALID.values(), ids=INVALID)
def test_an_intent_that_stripe_would_not_make_is_refused(changes: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_intent(**changes)
    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert not code or refused.value.code == code
    assert intents().list().data == []


def test_an_intent_can_be_changed_until_it_is_paid() -> None:
    intent = new_intent()
    changes = {"amount": 2500, "metadata": {"cart": "8"}, "description": "Order 8", "receipt_email": ""}
    changed = intents().update(intent.id, changes)
    assert (changed.amount, changed.description, changed.receipt_email) == (2500, "Order 8", None)
    assert changed.metadata.to_dict() == {"order": "7", "cart": "8"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intents().update(intent.id, {"amount": 1})
    assert refused.value.code == "amount_too_small"
    confirm(intent)
    assert stripe_of("USD").v1.charges.list().data[0].amount == 2500
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded") as refused:
        intents().update(intent.id, {"amount": 3000})
    assert refused.value.code == "payment_intent_unexpected_state"


def test_who_was_asked_to_confirm_another_amount_is_asked_again() -> None:
    intent = new_intent()
    confirm(intent, ASKS)
    assert intents().update(intent.id, {"description": "Order 8"}).status == "requires_action"
    assert intents().update(intent.id, {"amount": 190_000}).status == "requires_payment_method"
    Client().post(question_of(intent), {"answer": "complete"})
    assert intents().retrieve(intent.id).status == "requires_payment_method"
    assert stripe_of("USD").v1.charges.list().data == []


def test_an_intent_is_canceled_once_and_cannot_be_paid_then() -> None:
    intent = new_intent()
    canceled = intents().cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert event_types()[0] == "payment_intent.canceled"
    assert confirm(intent).json()["error"]["message"].endswith("status of canceled.")
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled") as refused:
        intents().cancel(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(("bank", "status"), [("at_once", "succeeded"), ("slow", "processing")])
def test_what_is_paid_or_being_paid_cannot_be_canceled(bank: str, status: str) -> None:
    intent = new_intent()
    confirm(intent, bank=bank)
    with pytest.raises(stripe.InvalidRequestError, match=f"status of {status}") as refused:
        intents().cancel(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_an_intent_that_checkout_made_is_paid_and_ended_on_its_page_only() -> None:
    session = open_session()
    card = {"email": "ada@example.com", "number": DECLINES, "expiry": "12/34", "cvc": "123"}
    Client().post(f"/sandbox/checkout/{session.id}", card)
    intent = intents().list().data[0]
    for act in (intents().cancel, lambda id: intents().update(id, {"amount": 100})):
        with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
            act(intent.id)
    assert intents().update(intent.id, {"metadata": {"a": "b"}}).metadata.to_dict() == {"a": "b"}
    assert confirm(intent).status_code == 404


# --- Paid ---------------------------------------------------------------------------------------------------


def test_a_card_pays_and_the_balance_grows() -> None:
    intent = new_intent()
    answer = confirm(intent, email="ada@example.com")
    assert answer.status_code == 200
    assert answer.json()["paymentIntent"]["status"] == "succeeded"
    assert answer["Cache-Control"] == "no-store"
    paid = intents().retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.amount_received, paid.latest_charge.amount) == ("succeeded", 1900, 1900)
    assert paid.latest_charge.billing_details.email == "ada@example.com"
    assert [(each.currency, each.amount) for each in stripe_of("USD").v1.balance.retrieve().available] == [
        ("usd", 1900)
    ]
    for event in stripe_of("USD").v1.events.list().data:
        assert stripe_spec.resource(event.data.object.object, event.data.object.to_dict()) == []


def test_a_browser_sees_of_an_intent_what_it_needs_and_no_more() -> None:
    intent = new_intent()
    seen = seen_by_browser(intent).json()["paymentIntent"]
    assert (seen["id"], seen["status"], seen["amount"]) == (intent.id, "requires_payment_method", 1900)
    assert "metadata" not in seen
    assert not any(name.startswith("_") for name in seen)


def test_the_card_number_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    confirm(new_intent())
    with store.reading() as db:
        assert "4242424242424242" not in "\n".join(db.iterdump()).replace(" ", "")
    assert "4242" not in caplog.text


def test_the_webhook_goes_to_the_shop_in_which_the_payer_was_last() -> None:
    arrived: list[str] = []

    def take(url: str, body: bytes, headers: dict[str, str]) -> int:
        arrived.append(url)
        return 200

    confirm(new_intent())
    confirm_in(Client(headers={"Origin": "https://other.example"}), new_intent())
    courier.deliver_due(take)
    assert arrived == ["http://testserver/webhooks/stripe", "https://other.example/webhooks/stripe"]


def test_a_webhook_may_be_lost_twice_or_late_here_too() -> None:
    for webhook, sent in (("lose", 0), ("twice", 2), ("late", 0)):
        confirm(new_intent(), webhook=webhook)
        assert courier.deliver_due(lambda *_: 200) == sent


def test_a_declined_card_is_an_error_and_another_pays() -> None:
    intent = new_intent()
    answer = confirm(intent, DECLINES)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (402, "card_error", "card_declined")
    assert (error["decline_code"], error["message"]) == ("generic_decline", "Your card was declined.")
    assert error["payment_intent"]["id"] == intent.id
    assert event_types()[:2] == ["payment_intent.payment_failed", "charge.failed"]
    assert confirm(intent).json()["paymentIntent"]["last_payment_error"] is None


def test_paying_twice_pays_once_and_says_so() -> None:
    intent = new_intent()
    confirm(intent)
    error = confirm(intent).json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "payment_intent_unexpected_state")
    assert "has already succeeded" in error["message"]
    assert error["payment_intent"]["status"] == "succeeded"
    assert len(stripe_of("USD").v1.charges.list().data) == 1


def test_paying_from_many_tabs_at_once_pays_once() -> None:
    intent = new_intent()
    with ThreadPoolExecutor(8) as tabs:
        answers = [answer.json() for answer in tabs.map(lambda _: confirm(intent), range(8))]
    assert sum("paymentIntent" in answer for answer in answers) == 1
    assert len(stripe_of("USD").v1.charges.list().data) == 1
    assert len(event_types(type="payment_intent.succeeded")) == 1


# --- The bank asks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")])
def test_a_card_that_asks_is_answered_on_a_page_of_its_own(client: Client, answer: str, status: str) -> None:
    intent = new_intent()
    assert confirm(intent, ASKS).json()["paymentIntent"]["status"] == "requires_action"
    page = client.get(question_of(intent))
    assert "USD\xa019.00" in page.content.decode()
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "Confirm the payment" in client.post(question_of(intent), {"answer": "perhaps"}).content.decode()
    answered = client.post(question_of(intent), {"answer": answer}).content.decode()
    assert "sandbox/authenticated.js" in answered
    assert intents().retrieve(intent.id).status == status
    assert "sandbox/authenticated.js" in client.get(question_of(intent)).content.decode()


def test_who_does_not_know_the_secret_cannot_answer(client: Client) -> None:
    intent = new_intent()
    confirm(intent, ASKS)
    answered = client.post(question_of(intent, "guessed"), {"answer": "complete"})
    assert answered.status_code == 404
    assert intents().retrieve(intent.id).status == "requires_action"


# --- What is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"key": "pk_test_nobodys"}, 401, None),
        ({"key": ""}, 401, None),
        ({"key": "sk_test_sandbox_usd"}, 401, None),
        ({"key": "pk_test_sandbox_eur"}, 404, "resource_missing"),
        ({"client_secret": "pi_1_secret_guessed"}, 404, "resource_missing"),
        ({"client_secret": ""}, 404, "resource_missing"),
        ({"client_secret": "é"}, 404, "resource_missing"),
    ],
)
def test_an_intent_is_paid_and_read_with_its_secret_and_its_accounts_key_only(
    changes: dict[str, str], status: int, code: str | None
) -> None:
    intent = new_intent()
    for answer in (confirm(intent, **changes), seen_by_browser(intent, **changes)):
        assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)
    assert intents().retrieve(intent.id).status == "requires_payment_method"


def test_no_other_site_can_make_a_browser_pay() -> None:
    assert confirm_in(Client(enforce_csrf_checks=True), new_intent()).status_code == 403


MISTAKES = [
    ("number", "", "incomplete_number", "Enter a card number."),
    ("number", "5555 5555 5555 4444", "invalid_number", "This is not a test card."),
    ("expiry", "13/34", "invalid_expiry", "Write it as MM / YY."),
    ("cvc", "12", "invalid_cvc", "The CVC has 3 or 4 digits."),
    ("webhook", "burn", "invalid_webhook", "Choose one of these."),
]


@pytest.mark.parametrize(("field", "typed", "code", "message"), MISTAKES)
def test_a_mistake_is_an_error_with_a_message_for_its_field(field: str, typed: str, code: str, message: str) -> None:
    intent = new_intent()
    answer = confirm(intent, **{field: typed})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (422, "validation_error", code)
    assert error["message"] == error["fields"][field]
    assert error["message"].startswith(message)
    assert event_types() == ["payment_intent.created"]


def test_an_email_that_is_none_is_refused() -> None:
    error = confirm(new_intent(), email="ada").json()["error"]
    assert (error["code"], error["param"]) == ("email_invalid", "payment_method_data[billing_details][email]")


def test_the_elements_page_is_for_the_shops_pages_alone(client: Client) -> None:
    page = client.get("/sandbox/elements/payment?locale=en", headers={"Accept-Language": "de"})
    html = page.content.decode()
    assert (page["X-Frame-Options"], page["Cache-Control"]) == ("SAMEORIGIN", "no-store")
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    for text in ("Card number", 'autocomplete="cc-number"', 'inputmode="numeric"', "4242 4242 4242 4242", "Lose the"):
        assert text in html
    assert "Email" not in html
    assert " style=" not in html
    assert html.count("<script") == html.count("<script src=") == 1
