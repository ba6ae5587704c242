"""The cast (a mug in each currency), the stand-in, and a real HTTP server that speaks Stripe's API."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import translation
from djmoney.money import Money
from stripe import WebhookSignature

from payments.gateway import client as gateway_client
from payments.gateway.keys import keypair_for
from payments.models import Item
from payments.sandbox.webhooks import courier
from payments.tests.browser_fixtures import admin_page, browser, page, shop  # noqa: F401
from payments.tests.stripe_server import StripeServer
from payments.views.kept import kept_pages


@pytest.fixture(autouse=True)
def sandbox(settings: Any, tmp_path: Path) -> None:
    """Every test has a stand-in of its own, whose webhooks wait until the test carries them."""
    settings.STRIPE_SANDBOX_DATABASE = str(tmp_path / "sandbox.sqlite3")
    settings.STRIPE_SANDBOX_COURIER = False


@pytest.fixture(autouse=True)
def own_language(settings: Any) -> Iterator[None]:
    """A page in another language leaves its thread in that language, until the next page says another one."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Each test has its pages written: what they ask for while they are would else be asked in the first test alone."""
    kept_pages.clear()


def mug(price: str, currency: str) -> Item:
    item: Item = Item.objects.create(
        name="Stoneware Mug", description="Holds tea.", price=Money(Decimal(price), currency)
    )
    return item


@pytest.fixture
def usd_mug(db: None) -> Item:
    return mug("19.00", "USD")


@pytest.fixture
def eur_mug(db: None) -> Item:
    return mug("17.50", "EUR")


@pytest.fixture
def jpy_mug(db: None) -> Item:
    return mug("2800", "JPY")


@pytest.fixture
def gbp_mug(db: None) -> Item:
    """On sale in a currency for which there is no keypair."""
    return mug("15.00", "GBP")


@pytest.fixture
def stripe_server(settings: Any) -> Iterator[StripeServer]:
    """The shop talks to this server over HTTP, as it would to Stripe; it answers as the stand-in does."""
    with StripeServer() as server:
        settings.STRIPE_API_BASE = server.url
        settings.STRIPE_HTTP_CLIENT = ""
        yield server
    gateway_client.shared_http_client.cache_clear()
    gateway_client.client_of_keys.cache_clear()


Pay = Callable[..., Any]


@pytest.fixture
def pay() -> Pay:
    """Pay on the stand-in's page, as a shopper does in another browser tab."""

    def pay_at(url: str, number: str = "4242 4242 4242 4242", webhook: str = "lose") -> Any:
        card = {"email": "shopper@example.com", "number": number, "expiry": "12 / 34", "cvc": "123"}
        return Client().post(urlsplit(url).path, {**card, "webhook": webhook})

    return pay_at


@pytest.fixture
def carry_webhooks(client: Client) -> Callable[[], list[int]]:
    """Deliver the stand-in's waiting webhooks to the shop, and say how each was answered."""

    def carry() -> list[int]:
        statuses: list[int] = []

        def post(url: str, body: bytes, headers: dict[str, str]) -> int:
            response = client.post(
                "/webhooks/stripe",
                body,
                "application/json",
                headers={"Stripe-Signature": headers["Stripe-Signature"]},
            )
            statuses.append(response.status_code)
            return response.status_code

        courier.deliver_due(post)
        return statuses

    return carry


SendEvent = Callable[..., Any]


@pytest.fixture
def send_event(client: Client) -> SendEvent:
    """Post an event to the shop, truly signed by the account of a currency."""

    def send(
        session: dict[str, Any],
        type: str = "checkout.session.completed",
        currency: str = "USD",
        event_id: str = "evt_1",
        livemode: bool = False,
    ) -> Any:
        event = {
            "id": event_id,
            "object": "event",
            "type": type,
            "livemode": livemode,
            "data": {"object": session},
        }
        return post_signed(client, json.dumps(event), keypair_for(currency).webhook_secrets[0])

    return send


def post_signed(client: Client, body: str, secret: str) -> Any:
    signature = WebhookSignature.generate_signature_header(body, secret)
    return client.post("/webhooks/stripe", body, "application/json", headers={"Stripe-Signature": signature})
