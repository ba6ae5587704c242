"""Whoever pays in German reads German: on Stripe's page, in the card form, and in the mails that follow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from django.core import mail
from django.test import Client

from payments import checkout, fulfillment
from payments.gateway.locales import AUTO, LOCALES, locale_of
from payments.models import Item, Order, Payment
from payments.tests.sandbox_client import stripe_of
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_paying_here import DECLINES, ask, intent_id, pay_here

Pay = Callable[..., Any]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
TEXTS = {
    "Card number": "NUMMER",
    "Enter a card number.": "NUMMER FEHLT",
    "Your card was declined.": "ABGELEHNT",
    "Your card number is incomplete.": "UNVOLLSTÄNDIG",
    "pays": "BEZAHLT",
    "%(shop)s: your order %(number)s, %(amount)s": "%(shop)s: BESTELLUNG %(number)s, %(amount)s",
    "It was paid on %(date)s %(zone)s.": "BEZAHLT AM %(date)s %(zone)s.",
}


@pytest.fixture
def german(settings: Any, tmp_path: Path) -> None:
    """A catalogue of a few words that no other has."""
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="de")
    for text, translation in TEXTS.items():
        catalog.add(text, translation)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalog)
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.LOCALE_PATHS = [tmp_path / "locale"]


@pytest.fixture
def order(usd_mug: Item) -> Order:
    order: Order = Order.objects.for_item(usd_mug, quantity=2, visitor="somebody")
    return order


def test_the_locales_are_those_of_stripes_own_description() -> None:
    spec = json.loads((Path(__file__).parent / "endive.json").read_text())
    body = spec["paths"]["/v1/checkout/sessions"]["post"]["requestBody"]["content"]
    locale = body["application/x-www-form-urlencoded"]["schema"]["properties"]["locale"]
    assert {AUTO, *LOCALES} == set(locale["enum"])


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        *(("en", "en"), ("de", "de"), ("de-at", "de"), ("ru", "ru"), ("pt-br", "pt-BR"), ("en-gb", "en-GB")),
        *(("zh-hans", "zh"), ("zh-hant", "zh-TW"), ("hi", "hi-IN"), ("ar", "auto"), ("", "auto"), ("x", "auto")),
    ],
)
def test_stripes_page_is_asked_for_in_a_language_that_it_speaks(language: str, locale: str) -> None:
    assert locale_of(language) == locale


@pytest.mark.usefixtures("german")
def test_stripes_page_speaks_the_language_of_the_shops(client: Client, usd_mug: Item) -> None:
    url = client.post(f"/buy/{usd_mug.pk}", headers=GERMAN)["Location"]
    (session,) = stripe_of("USD").v1.checkout.sessions.list().data
    assert (session.locale, Order.objects.get().language) == ("de", "de")
    page = client.get(url).content.decode()
    assert '<html lang="de">' in page
    for text in ("NUMMER", "BEZAHLT", "19,00\xa0USD"):
        assert text in page


@pytest.mark.usefixtures("german")
def test_a_decline_is_told_in_german_on_stripes_page_and_kept_in_english(
    client: Client, usd_mug: Item, pay: Pay
) -> None:
    url = client.post(f"/buy/{usd_mug.pk}", headers=GERMAN)["Location"]
    assert "ABGELEHNT" in pay(url, "4000 0000 0000 0002").content.decode()
    (intent,) = stripe_of("USD").v1.payment_intents.list().data
    assert intent.last_payment_error
    assert intent.last_payment_error.message == "Your card was declined."


@pytest.mark.usefixtures("german")
def test_the_card_form_speaks_german_and_so_does_a_decline_in_it(client: Client, order: Order) -> None:
    frame = client.get("/sandbox/elements/payment?locale=de").content.decode()
    assert all(text in frame for text in ('<html lang="de"', "NUMMER", "UNVOLLSTÄNDIG"))
    answer = ask(client, order).json()
    sent = {"key": answer["publishable_key"], "client_secret": answer["client_secret"], "locale": "de"}
    address = f"/sandbox/payment_intents/{intent_id(answer)}"
    assert client.post(f"{address}/confirm", sent).json()["error"]["message"] == "NUMMER FEHLT"
    card = {"number": DECLINES, "expiry": "12 / 34", "cvc": "123"}
    assert client.post(f"{address}/confirm", sent | card).json()["error"]["message"] == "ABGELEHNT"
    assert client.get(address, sent).json()["paymentIntent"]["last_payment_error"]["message"] == "ABGELEHNT"
    in_english = client.get(address, sent | {"locale": "en"}).json()["paymentIntent"]
    assert in_english["last_payment_error"]["message"] == "Your card was declined."


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("way", ["checkout", "intent"])
def test_the_mail_is_in_the_language_in_which_the_order_was_paid(
    client: Client, order: Order, pay: Pay, way: str
) -> None:
    Order.objects.update(language="en")
    answer = client.post(f"/order/{order.uuid}/{way}", {"email": "shopper@example.com"}, headers=GERMAN)
    if way == "checkout":
        pay(answer["Location"])
    else:
        pay_here(answer.json())
    fulfillment.settle(Payment.objects.get())
    (message,) = mail.outbox
    assert message.subject == f"Storefront: BESTELLUNG {order.pk}, 38,00\xa0USD"
    assert "BEZAHLT AM " in message.body


@pytest.mark.usefixtures("german")
def test_an_open_session_keeps_its_language_and_a_new_one_has_the_new(client: Client, order: Order) -> None:
    address = f"/order/{order.uuid}/checkout"
    first = client.post(address)["Location"]
    assert client.post(address, headers=GERMAN)["Location"] == first
    client.post(f"/order/{order.uuid}/intent", headers=GERMAN)
    assert client.post(address, headers=GERMAN)["Location"] != first
    sessions = stripe_of("USD").v1.checkout.sessions.list().data
    assert [(session.locale, session.status) for session in sessions] == [("de", "open"), ("en", "expired")]


@pytest.mark.usefixtures("german")
def test_a_second_try_in_another_language_is_another_request_to_stripe(
    client: Client, order: Order, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    """By the key of the first Stripe would refuse what differs from it."""
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [Answer(hang_up=True)] * 3
    assert client.post(f"/order/{order.uuid}/checkout").status_code == 503
    stripe_server.answers = []
    assert client.post(f"/order/{order.uuid}/checkout", headers=GERMAN).status_code == 303
    assert Payment.objects.filter(status="open").count() == 1


REFUSED = {
    "type": "invalid_request_error",
    "message": "Invalid email",
    "code": "email_invalid",
    "param": "customer_email",
}


def test_an_address_that_stripe_takes_for_none_keeps_nobody_from_paying(
    order: Order, stripe_server: StripeServer
) -> None:
    Order.objects.update(email="shopper@example.com")
    stripe_server.answers = [Answer(400, json.dumps({"error": REFUSED}))]
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment is not None
    assert payment.url
    sent = [request.params.get("customer_email") for request in stripe_server.requests]
    assert sent == ["shopper@example.com", None]


# --- The address on the shop's own payment page -------------------------------------------------------------------


def test_the_address_that_is_typed_on_the_payment_page_is_the_orders(client: Client, order: Order) -> None:
    assert client.post(f"/order/{order.uuid}/intent", {"email": " ada@example.com "}).status_code == 200
    assert Order.objects.get().email == "ada@example.com"
    assert 'value="ada@example.com"' in client.get(f"/order/{order.uuid}/pay").content.decode()


def test_a_program_sends_it_as_json(client: Client, order: Order) -> None:
    client.post(f"/order/{order.uuid}/intent", {"email": "ada@example.com"}, "application/json")
    assert Order.objects.get().email == "ada@example.com"


@pytest.mark.parametrize("email", ["ada", "ada@b", "a@example.com\nBcc: b@example.com", "a@example.com, b@example.com"])
def test_what_is_no_address_is_refused_before_stripe_is_asked(
    client: Client, order: Order, stripe_server: StripeServer, email: str
) -> None:
    response = client.post(f"/order/{order.uuid}/intent", {"email": email})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_email")
    assert (Order.objects.get().email, stripe_server.requests) == ("", [])


def test_who_only_opens_the_link_changes_no_address(client: Client, order: Order) -> None:
    Order.objects.update(email="given-by-staff@example.com")
    for sent in ({}, {"email": ""}):
        client.post(f"/order/{order.uuid}/intent", sent)
    client.post(f"/order/{order.uuid}/checkout", {"email": "stranger@example.com"})
    assert Order.objects.get().email == "given-by-staff@example.com"


def test_of_an_order_that_is_paid_the_address_stays(client: Client, order: Order) -> None:
    Order.objects.update(email="given-by-staff@example.com")
    order.mark_paid()
    assert client.post(f"/order/{order.uuid}/intent", {"email": "thief@example.com"}).status_code == 409
    assert Order.objects.get().email == "given-by-staff@example.com"


def test_stripe_writes_no_second_receipt(client: Client, order: Order, stripe_server: StripeServer) -> None:
    """With `receipt_email` it would, whatever the account's settings."""
    client.post(f"/order/{order.uuid}/intent", {"email": "ada@example.com"})
    assert not [name for request in stripe_server.requests for name in request.params if "email" in name]


def test_stripes_page_begins_with_the_address_that_was_typed_here(client: Client, order: Order) -> None:
    client.post(f"/order/{order.uuid}/intent", {"email": "ada@example.com"})
    url = client.post(f"/order/{order.uuid}/checkout")["Location"]
    assert 'value="ada@example.com"' in client.get(url).content.decode()
