"""The stand-in's payment page, as a payer uses it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe
from django.test import Client

from payments.sandbox import clock, store
from payments.sandbox.paying import payers
from payments.sandbox.paying.attempts import Outcome
from payments.sandbox.paying.cards import card_of
from payments.sandbox.paying.rehearsal import Rehearsal
from payments.tests import stripe_spec
from payments.tests.sandbox_client import (
    CANCEL_URL,
    event_types,
    line,
    open_session,
    session_params,
    stripe_of,
)

PAYS, DECLINES, ASKS = "4242 4242 4242 4242", "4000000000000002", "4000 0025 0000 3155"


def page_of(session: stripe.checkout.Session) -> str:
    return f"/sandbox/checkout/{session.id}"


def give_card(client: Client, session: stripe.checkout.Session, number: str = PAYS, **changes: str) -> Any:
    card = {"email": "ada@example.com", "number": number, "expiry": "12 / 34", "cvc": "123"}
    return client.post(page_of(session), card | changes)


def success_page(session: stripe.checkout.Session) -> str:
    return f"http://testserver/order/1/success?session_id={session.id}"


def again(session: stripe.checkout.Session, **params: Any) -> stripe.checkout.Session:
    return stripe_of("USD").v1.checkout.sessions.retrieve(session.id, params)  # type: ignore[arg-type]


# --- The page -----------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_bought_and_what_it_costs(client: Client) -> None:
    mug = line(1900, quantity=2)
    mug["price_data"]["product_data"] |= {
        "description": "Holds tea.",
        "images": ["https://example.com/mug.jpg"],
    }
    page = client.get(page_of(open_session(mug, line(550, name="Tea <towel>"))))
    html = page.content.decode().replace("\xa0", " ")
    for text in (
        "Stoneware Mug",
        "Holds tea.",
        "2 × USD 19.00",
        "USD 38.00",
        "Tea &lt;towel&gt;",
        "Pay USD 43.50",
    ):
        assert text in html
    assert 'src="https://example.com/mug.jpg"' in html
    assert f'href="{CANCEL_URL}"' in html


@pytest.mark.parametrize(("currency", "amount", "shown"), [("jpy", 2800, "JPY 2,800"), ("bhd", 5250, "BHD 5.25")])
def test_the_page_shows_the_amount_as_the_currency_is_written(
    client: Client, currency: str, amount: int, shown: str
) -> None:
    page = client.get(page_of(open_session(line(amount, currency))))
    assert f"Pay {shown}" in page.content.decode().replace("\xa0", " ")


def test_the_page_says_that_payments_are_not_real_and_is_never_kept(client: Client) -> None:
    page = client.get(page_of(open_session()))
    assert "no money moves" in page.content.decode()
    assert '<meta name="robots" content="noindex">' in page.content.decode()
    assert page["Cache-Control"] == "no-store"


def test_the_page_speaks_the_language_that_the_shop_asked_for_whatever_the_browser_does(client: Client) -> None:
    page = client.post(page_of(open_session(locale="en")), headers={"Accept-Language": "de"})
    assert "Enter your email address." in page.content.decode()


@pytest.mark.parametrize(
    ("locale", "accepted", "language"),
    [
        ("de", "ru", "de"),
        ("auto", "de-AT,de;q=0.9", "de"),
        (None, "de", "de"),
        (None, "", "en"),
        ("pt-BR", "de", "en"),
    ],
)
def test_the_pages_language_is_the_locale_of_the_session_or_the_browsers(
    client: Client, settings: Any, locale: str | None, accepted: str, language: str
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    session = open_session(**({"locale": locale} if locale else {}))
    html = client.get(page_of(session), headers={"Accept-Language": accepted}).content.decode()
    assert f'<html lang="{language}">' in html
    assert ("19,00\xa0USD" if language == "de" else "USD\xa019.00") in html


def test_the_page_knows_the_email_that_the_shop_knows(client: Client) -> None:
    page = client.get(page_of(open_session(customer_email="ada@example.com")))
    assert 'value="ada@example.com"' in page.content.decode()


def test_an_unknown_session_has_no_page(client: Client) -> None:
    assert client.get("/sandbox/checkout/cs_test_none").status_code == 404


def test_a_page_works_with_a_slash_at_its_end(client: Client) -> None:
    assert client.get(page_of(open_session()) + "/").status_code == 200


def test_a_card_is_taken_from_the_page_itself_only() -> None:
    page = Client(enforce_csrf_checks=True)
    assert give_card(page, open_session()).status_code == 403


# --- Paying -------------------------------------------------------------------------------------------------


def test_paying_completes_the_session_and_goes_on_to_the_shop(client: Client) -> None:
    session = open_session(line(1900, quantity=2))
    response = give_card(client, session)
    assert (response.status_code, response["Location"]) == (303, success_page(session))
    paid = again(session, expand=["payment_intent.latest_charge"])
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details is not None
    assert paid.customer_details.email == "ada@example.com"
    intent: Any = paid.payment_intent
    assert (intent.status, intent.amount, intent.amount_received, intent.currency) == (
        "succeeded",
        3800,
        3800,
        "usd",
    )
    charge = intent.latest_charge
    assert (charge.status, charge.amount, charge.payment_intent) == ("succeeded", 3800, intent.id)
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.billing_details.email == "ada@example.com"


def test_paying_is_told_in_events(client: Client) -> None:
    session = open_session()
    give_card(client, session)
    events = stripe_of("USD").v1.events.list().data
    assert [event.type for event in events] == [
        "checkout.session.completed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "payment_intent.created",
    ]
    for event in events:
        assert event.api_version == "2026-10-28.endive"
        snapshot = event.data.object.to_dict()
        assert stripe_spec.resource(snapshot["object"], snapshot) == []
    assert events[0].data.object.to_dict()["id"] == session.id
    assert events[0].data.object.to_dict()["payment_status"] == "paid"
    assert stripe_of("USD").v1.events.retrieve(events[0].id).type == "checkout.session.completed"


def test_what_was_paid_is_found_from_every_side(client: Client) -> None:
    session, _ = open_session(), open_session()
    give_card(client, session)
    usd = stripe_of("USD").v1
    intent = usd.payment_intents.list().data[0]
    assert usd.payment_intents.retrieve(intent.id).latest_charge == usd.charges.list().data[0].id
    assert [found.id for found in usd.checkout.sessions.list({"payment_intent": intent.id}).data] == [session.id]
    assert [found.id for found in usd.checkout.sessions.list({"status": "complete"}).data] == [session.id]
    charge = usd.charges.list({"payment_intent": intent.id}).data[0]
    assert usd.charges.retrieve(charge.id).amount == 1900
    assert usd.charges.list({"payment_intent": "pi_none"}).data == []


def test_the_intent_carries_what_the_shop_gave_for_it(client: Client) -> None:
    give_card(client, open_session(payment_intent_data={"metadata": {"order": "7"}, "description": "Order 7"}))
    intent = stripe_of("USD").v1.payment_intents.list().data[0]
    assert (intent.metadata.to_dict(), intent.description) == ({"order": "7"}, "Order 7")


def test_the_balance_is_what_was_paid_in_each_currency(client: Client) -> None:
    for paid in (line(1900), line(600), line(2800, "jpy")):
        give_card(client, open_session(paid))
    give_card(client, open_session(line(900)), DECLINES)
    available = stripe_of("USD").v1.balance.retrieve().available
    assert [(entry.currency, entry.amount) for entry in available] == [("jpy", 2800), ("usd", 2500)]
    assert stripe_of("EUR").v1.balance.retrieve().available == []


def test_the_card_number_is_kept_nowhere(client: Client, caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    give_card(client, open_session())
    with store.reading() as db:
        assert "4242424242424242" not in "\n".join(db.iterdump())
    assert "4242424242424242" not in caplog.text


def test_paying_a_second_time_pays_nothing_and_goes_on_like_the_first(client: Client) -> None:
    session = open_session()
    for _ in range(2):
        assert give_card(client, session)["Location"] == success_page(session)
    assert len(stripe_of("USD").v1.charges.list().data) == 1


def test_paying_from_many_tabs_at_once_pays_once() -> None:
    session = open_session()
    with ThreadPoolExecutor(8) as tabs:
        responses = list(tabs.map(lambda _: give_card(Client(), session), range(8)))
    assert {response["Location"] for response in responses} == {success_page(session)}
    assert len(stripe_of("USD").v1.charges.list().data) == 1
    assert len(event_types(type="checkout.session.completed")) == 1


# --- Being refused ------------------------------------------------------------------------------------------


def test_a_declined_card_stays_on_the_page_and_another_pays(client: Client) -> None:
    session = open_session()
    page = give_card(client, session, DECLINES)
    assert page.status_code == 402
    assert "Your card was declined." in page.content.decode()
    assert 'value="ada@example.com"' in page.content.decode()
    intent: Any = again(session, expand=["payment_intent"]).payment_intent
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.decline_code == "generic_decline"
    assert event_types()[:2] == ["payment_intent.payment_failed", "charge.failed"]
    give_card(client, session)
    paid = again(session)
    assert (paid.payment_status, paid.payment_intent) == ("paid", intent.id)
    assert {charge.status for charge in stripe_of("USD").v1.charges.list().data} == {"failed", "succeeded"}


def test_a_card_that_asks_pays_once_the_payer_confirms(client: Client) -> None:
    session = open_session()
    confirmation = give_card(client, session, ASKS)["Location"]
    assert again(session).payment_status == "unpaid"
    page = client.get(confirmation).content.decode()
    assert "Complete" in page
    assert "Fail authentication" in page
    response = client.post(confirmation, {"answer": "complete"})
    assert response["Location"] == success_page(session)
    assert again(session).payment_status == "paid"
    assert event_types()[-2:] == ["payment_intent.requires_action", "payment_intent.created"]
    assert client.post(confirmation, {"answer": "complete"})["Location"] == page_of(session)


def test_a_card_that_asks_is_refused_if_the_payer_does_not_confirm(client: Client) -> None:
    session = open_session()
    confirmation = give_card(client, session, ASKS)["Location"]
    response = client.post(confirmation, {"answer": "fail"})
    page = client.get(response["Location"]).content.decode()
    assert "unable to authenticate" in page
    assert 'value="ada@example.com"' in page
    assert event_types()[0] == "payment_intent.payment_failed"
    assert stripe_of("USD").v1.charges.list().data == []
    give_card(client, session)
    assert again(session).payment_status == "paid"


def test_nothing_is_to_be_confirmed_before_a_card_was_given(client: Client) -> None:
    session = open_session()
    assert client.get(page_of(session) + "/confirm")["Location"] == page_of(session)
    account, _ = payers.find_session(session.id) or ("", {})
    outcome = payers.confirm(account, session.id, succeeds=True)
    assert outcome is Outcome.CLOSED
    give_card(client, session, DECLINES)
    outcome = payers.confirm(account, session.id, succeeds=True)
    assert outcome is Outcome.CLOSED
    assert client.get("/sandbox/checkout/cs_test_none/confirm").status_code == 404


def test_an_answer_that_was_not_offered_asks_again(client: Client) -> None:
    confirmation = give_card(client, open_session(), ASKS)["Location"]
    page = client.post(confirmation, {"answer": "perhaps"})
    assert "Confirm the payment" in page.content.decode()


MISTAKES = [
    ("email", "", "Enter your email address."),
    ("email", "ada", "This is not an email address."),
    ("number", "", "Enter a card number."),
    ("number", "5555 5555 5555 4444", "This is not a test card. Use one of the test cards listed below."),
    ("number", "4" * 31, "This is not a card number."),
    ("expiry", "", "Enter the expiry date."),
    ("expiry", "13/34", "Write it as MM / YY."),
    ("expiry", "soon", "Write it as MM / YY."),
    ("expiry", "12/20", "This card has expired."),
    ("cvc", "", "Enter the CVC."),
    ("cvc", "12", "The CVC has 3 or 4 digits."),
    ("cvc", "12345", "The CVC has 3 or 4 digits."),
    ("webhook", "burn", "Choose one of these."),
    ("bank", "burns", "Choose one of these."),
]


@pytest.mark.parametrize(("field", "typed", "message"), MISTAKES)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_tried(
    client: Client, field: str, typed: str, message: str
) -> None:
    session = open_session()
    page = give_card(client, session, **{field: typed})
    html = page.content.decode()
    assert page.status_code == 422
    assert f'id="id_{field}_error"><li>{message}</li>' in html
    assert field in ("webhook", "bank") or f'aria-invalid="true" aria-describedby="id_{field}_error"' in html
    assert again(session).payment_intent is None


def test_what_was_typed_stays_except_the_cvc(client: Client) -> None:
    html = give_card(client, open_session(), "1234", cvc="987", webhook="late").content.decode()
    for kept in ("ada@example.com", "1234", "12 / 34"):
        assert f'value="{kept}"' in html
    assert 'value="late" id="id_webhook_3" checked' in html
    assert "987" not in html


@pytest.mark.parametrize("expiry", ["12/34", "12 / 34", "1/34", "12/2034", "1234", "12-34"])
def test_an_expiry_date_may_be_written_in_many_ways(client: Client, expiry: str) -> None:
    assert give_card(client, open_session(), expiry=expiry).status_code == 303


def test_a_card_is_good_until_the_end_of_its_month(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: 2045692799)  # 2034-10-28
    session = open_session()
    assert "This card has expired." in give_card(client, session, expiry="09/34").content.decode()
    assert give_card(client, session, expiry="10/34").status_code == 303


# --- After the end ------------------------------------------------------------------------------------------


def test_the_page_of_a_paid_session_leads_on_to_the_shop(client: Client) -> None:
    session = open_session()
    give_card(client, session)
    html = client.get(page_of(session)).content.decode()
    assert "Already paid" in html
    assert f'href="{success_page(session)}"' in html


def test_the_page_of_an_expired_session_leads_back_and_takes_no_card(client: Client) -> None:
    session = open_session()
    stripe_of("USD").v1.checkout.sessions.expire(session.id)
    for page in (client.get(page_of(session)), give_card(client, session)):
        assert "This page has expired" in page.content.decode()
        assert f'href="{CANCEL_URL}"' in page.content.decode()
    assert again(session).payment_status == "unpaid"


def test_a_session_that_ran_out_while_the_page_was_open_cannot_be_paid(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session()
    give_card(client, session, DECLINES)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 24 * 60 * 60 + 1)
    assert "This page has expired" in give_card(client, session).content.decode()
    assert event_types()[:2] == ["payment_intent.canceled", "checkout.session.expired"]
    intent: Any = again(session, expand=["payment_intent"]).payment_intent
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")


def test_a_payment_that_loses_the_race_against_the_end_changes_nothing() -> None:
    session = open_session()
    account, _ = payers.find_session(session.id) or ("", {})
    stripe_of("USD").v1.checkout.sessions.expire(session.id)
    card = card_of("4242424242424242")
    assert card is not None
    outcome = payers.pay(account, session.id, card, "ada@example.com", Rehearsal())
    assert outcome is Outcome.CLOSED
    assert stripe_of("USD").v1.charges.list().data == []


def test_a_session_without_a_way_back_has_no_link_back(client: Client) -> None:
    session = stripe_of("USD").v1.checkout.sessions.create(session_params(cancel_url=None))
    assert "Back" not in client.get(page_of(session)).content.decode()
