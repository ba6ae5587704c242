"""The stand-in's webhook endpoints: made, changed, deleted, and served with what they asked for."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.test import Client
from stripe import WebhookSignature

from payments.sandbox import store
from payments.sandbox.webhooks import courier
from payments.tests.sandbox_client import open_session, stripe_of, stripe_with

URL = "https://shop.example/webhooks/stripe"
VERSION = "2026-10-28.endive"


def endpoint(currency: str = "USD", **changes: Any) -> stripe.WebhookEndpoint:
    params: Any = {"url": URL, "enabled_events": ["checkout.session.completed"], "api_version": VERSION, **changes}
    return stripe_of(currency).v1.webhook_endpoints.create(params)


def pay() -> None:
    card = {"email": "ada@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    Client().post(f"/sandbox/checkout/{open_session().id}", {**card, "webhook": "deliver"})


def arrived() -> list[tuple[str, str, bytes, str]]:
    """Address, type, body and signature of what is delivered."""
    taken: list[tuple[str, str, bytes, str]] = []

    def take(url: str, body: bytes, headers: dict[str, str]) -> int:
        taken.append((url, json.loads(body)["type"], body, headers["Stripe-Signature"]))
        return 200

    courier.deliver_due(take)
    return taken


def undelivered(currency: str = "USD") -> list[str]:
    return [event.type for event in stripe_of(currency).v1.events.list({"delivery_success": False}).data]


# --- The objects ------------------------------------------------------------------------------------------------


def test_an_endpoint_is_made_and_its_secret_is_told_once() -> None:
    made = endpoint(description="The shop", metadata={"by": "me"})
    assert str(made.secret).startswith("whsec_")
    endpoints = stripe_of("USD").v1.webhook_endpoints
    found = endpoints.retrieve(made.id)
    assert (found.url, found.enabled_events, found.api_version) == (URL, ["checkout.session.completed"], VERSION)
    assert (found.status, found.description, found.livemode) == ("enabled", "The shop", False)
    assert "secret" not in found.to_dict()
    assert ["secret" in listed.to_dict() for listed in endpoints.list().data] == [False]


def test_an_endpoint_is_changed_disabled_and_enabled() -> None:
    endpoints = stripe_of("USD").v1.webhook_endpoints
    id = endpoint().id
    assert endpoints.update(id, {"disabled": True}).status == "disabled"
    changed = endpoints.update(id, {"disabled": False, "enabled_events": ["*"], "metadata": {"a": "b"}})
    assert (changed.status, changed.enabled_events, changed.metadata.to_dict()) == ("enabled", ["*"], {"a": "b"})


def test_a_deleted_endpoint_is_gone() -> None:
    endpoints = stripe_of("USD").v1.webhook_endpoints
    id = endpoint().id
    assert endpoints.delete(id).to_dict()["deleted"] is True
    assert endpoints.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        endpoints.retrieve(id)


def test_each_account_has_endpoints_of_its_own() -> None:
    made = endpoint("EUR")
    assert stripe_of("USD").v1.webhook_endpoints.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        stripe_of("USD").v1.webhook_endpoints.update(made.id, {"disabled": True})


@pytest.mark.parametrize("change", [{"url": "shop.example"}, {"enabled_events": []}, {"connect": True}])
def test_an_endpoint_that_cannot_be_is_refused(change: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        endpoint(**change)


def test_an_account_has_sixteen_endpoints_at_most() -> None:
    for _ in range(16):
        endpoint()
    with pytest.raises(stripe.InvalidRequestError, match="maximum"):
        endpoint()


# --- What they are sent -----------------------------------------------------------------------------------------


def test_a_registered_endpoint_gets_what_it_asked_for_signed_with_its_own_secret() -> None:
    made = endpoint()
    pay()
    ((url, type, body, signature),) = arrived()
    assert (url, type) == (URL, "checkout.session.completed")
    WebhookSignature.verify_header(body.decode(), signature, str(made.secret), 300)
    assert undelivered() == []


def test_two_endpoints_at_one_address_get_it_each_with_its_own_secret() -> None:
    secrets = [str(endpoint(enabled_events=[wanted]).secret) for wanted in ("checkout.session.completed", "*")]
    pay()
    deliveries = [(body, signature) for _, type, body, signature in arrived() if type == "checkout.session.completed"]
    for secret in secrets:
        assert sum(is_signed(body, signature, secret) for body, signature in deliveries) == 1
    assert json.loads(deliveries[0][0])["pending_webhooks"] == 2


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body.decode(), signature, secret, 300)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_a_disabled_endpoint_gets_nothing_and_what_it_missed_is_listed() -> None:
    made = endpoint()
    stripe_of("USD").v1.webhook_endpoints.update(made.id, {"disabled": True})
    pay()
    assert arrived() == []
    assert undelivered() == ["checkout.session.completed"]


def test_what_is_on_its_way_to_a_deleted_endpoint_never_arrives() -> None:
    made = endpoint()
    pay()
    stripe_of("USD").v1.webhook_endpoints.delete(made.id)
    assert arrived() == []
    assert undelivered() == ["checkout.session.completed"]


def test_an_endpoint_of_one_account_leaves_the_others_as_they_were() -> None:
    endpoint("EUR")
    pay()
    assert {url for url, *_ in arrived()} == {"http://testserver/webhooks/stripe"}


# --- Lost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("registered", [False, True])
def test_an_operator_loses_all_webhooks_and_every_event_is_listed_as_undelivered(
    settings: Any, registered: bool
) -> None:
    settings.STRIPE_SANDBOX_WEBHOOKS = "lose"
    if registered:
        endpoint(enabled_events=["checkout.session.completed", "payment_intent.succeeded"])
    pay()
    settings.STRIPE_SANDBOX_WEBHOOKS = "deliver"
    assert arrived() == []
    assert undelivered() == ["checkout.session.completed", "payment_intent.succeeded"]
    assert stripe_of("USD").v1.events.list({"delivery_success": True}).data == []


def test_where_no_shop_is_known_webhooks_are_lost() -> None:
    intents = stripe_of("USD").v1.payment_intents
    intents.cancel(intents.create({"amount": 1900, "currency": "usd"}).id)
    assert arrived() == []
    assert undelivered() == ["payment_intent.canceled"]


# --- Publishable keys -------------------------------------------------------------------------------------------


def test_a_publishable_key_reads_an_intent_of_its_account_by_the_client_secret() -> None:
    intent = stripe_of("USD").v1.payment_intents.create({"amount": 1900, "currency": "usd"})
    query: Any = {"client_secret": intent.client_secret}
    assert stripe_with("pk_test_sandbox_usd").v1.payment_intents.retrieve(intent.id, query).id == intent.id
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        stripe_with("pk_test_sandbox_eur").v1.payment_intents.retrieve(intent.id, query)
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        stripe_with("pk_test_sandbox_usd").v1.payment_intents.retrieve(intent.id, {"client_secret": "guessed"})


def test_a_publishable_key_does_nothing_else() -> None:
    intent = stripe_of("USD").v1.payment_intents.create({"amount": 1900, "currency": "usd"})
    v1 = stripe_with("pk_test_sandbox_usd").v1
    calls: list[Any] = [
        lambda: v1.payment_intents.retrieve(intent.id),
        lambda: v1.payment_intents.cancel(intent.id),
        lambda: v1.payment_intents.list(),
        lambda: v1.balance.retrieve(),
        lambda: v1.webhook_endpoints.list(),
    ]
    for call in calls:
        with pytest.raises(stripe.AuthenticationError, match="publishable API key"):
            call()


# --- An older file ----------------------------------------------------------------------------------------------


def test_accounts_of_an_older_stand_in_are_kept(tmp_path: Path, settings: Any) -> None:
    pay()
    settings.STRIPE_SANDBOX_DATABASE = str(tmp_path / "older.sqlite3")
    with sqlite3.connect(settings.STRIPE_SANDBOX_DATABASE) as db:
        older = store.SCHEMA.replace(",\n    endpoint TEXT NOT NULL DEFAULT ''", "")
        assert older != store.SCHEMA
        db.executescript(f"{older} PRAGMA user_version = 2")
        db.execute("INSERT INTO deliveries (account, event, url, state, due_at) VALUES ('a', 'e', 'u', 'lost', 0)")
    db.close()
    endpoint()
    pay()
    assert len(arrived()) == 1
