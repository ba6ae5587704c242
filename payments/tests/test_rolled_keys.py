"""A secret key, a webhook secret or a whole account is changed, and no payment is lost on the way."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from payments import fulfillment
from payments.errors import StripeRefused
from payments.gateway import api, rolling
from payments.gateway import client as gateway_client
from payments.gateway.keys import Keypair, keypair_for
from payments.models import Item, Order, Payment
from payments.tests.conftest import SendEvent
from payments.tests.stripe_server import Answer, StripeServer

OLD, NEW = "sk_test_sandbox_usd", "sk_test_sandbox_usd_new"


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    """A client remembers for a while which key works."""
    gateway_client.client_of_keys.cache_clear()
    yield
    gateway_client.client_of_keys.cache_clear()


@pytest.fixture
def two_keys(settings: Any, stripe_server: StripeServer) -> Keypair:
    """The new one comes first, and does not work yet."""
    usd = replace(keypair_for("USD"), secret_key=NEW, other_secret_keys=(OLD,))
    settings.STRIPE_KEYPAIRS = {**settings.STRIPE_KEYPAIRS, "USD": usd}
    stripe_server.expired_keys = {NEW}
    return usd


def buy(item: Item) -> Any:
    """As another shopper."""
    return Client().get(f"/buy/{item.pk}")


def sent_keys(stripe_server: StripeServer) -> list[str]:
    return [request.secret_key for request in stripe_server.requests]


def reports(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "payments.gateway.rolling"]


def test_a_secret_key_is_rolled_and_no_buy_fails(
    client: Client, usd_mug: Item, stripe_server: StripeServer, two_keys: Keypair, pay: Callable[..., Any]
) -> None:
    bought = [buy(usd_mug) for _ in range(2)]
    stripe_server.expired_keys = {OLD}
    bought += [buy(usd_mug) for _ in range(2)]
    stripe_server.expired_keys = set()
    bought += [buy(usd_mug)]
    assert [answer.status_code for answer in bought] == [200] * 5
    for answer in bought:
        pay(answer.json()["url"])
    orders = Order.objects.all()
    assert len(orders) == 5
    for order in orders:
        client.get(f"/order/{order.uuid}")
    assert set(Order.objects.values_list("status", flat=True)) == {"paid"}


def test_the_other_key_is_sent_the_very_same_request(
    client: Client, usd_mug: Item, stripe_server: StripeServer, two_keys: Keypair
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    refused, accepted = stripe_server.requests
    assert (refused.secret_key, accepted.secret_key) == (NEW, OLD)
    assert refused.headers["Idempotency-Key"] == accepted.headers["Idempotency-Key"]
    assert (refused.method, refused.path, refused.body) == (accepted.method, accepted.path, accepted.body)
    assert Payment.objects.get().publishable_key == two_keys.publishable_key


def test_after_the_first_refusal_no_call_pays_for_a_lost_round_trip(
    usd_mug: Item, stripe_server: StripeServer, two_keys: Keypair, monkeypatch: Any
) -> None:
    for _ in range(3):
        buy(usd_mug)
    assert sent_keys(stripe_server) == [NEW, OLD, OLD, OLD]
    stripe_server.expired_keys = set()
    monkeypatch.setattr(rolling, "SECONDS_UNTIL_TRIED_AGAIN", 0)
    buy(usd_mug)
    assert sent_keys(stripe_server)[4:] == [NEW]


def test_the_first_key_alone_is_used_while_it_works(
    stripe_server: StripeServer, two_keys: Keypair, caplog: Any
) -> None:
    stripe_server.expired_keys = {OLD}
    stripe_server.answers = [Answer(403, '{"error": {"type": "invalid_request_error"}}')]
    with pytest.raises(StripeRefused):
        api.retrieve_checkout_session(two_keys, "cs_1")
    assert sent_keys(stripe_server) == [NEW]
    assert reports(caplog) == []


def test_every_call_of_the_gateway_uses_the_key_that_works(stripe_server: StripeServer, two_keys: Keypair) -> None:
    intent = api.create_payment_intent(two_keys, {"amount": 1900, "currency": "usd"}, "key-1")
    rate = {"display_name": "VAT", "percentage": "20", "inclusive": False}
    calls: list[Callable[[], Any]] = [
        lambda: api.create_payment_intent(two_keys, {"amount": 1900, "currency": "usd"}, "key-2"),
        lambda: api.update_payment_intent(two_keys, intent.id, amount=2000),
        lambda: api.retrieve_payment_intent(two_keys, intent.id),
        lambda: api.cancel_payment_intent(two_keys, intent.id),
        lambda: api.create_coupon(two_keys, {"id": "ten", "percent_off": "10"}),
        lambda: api.delete_coupon(two_keys, "ten"),
        lambda: api.archive_tax_rate(two_keys, api.create_tax_rate(two_keys, rate, "key-3")),
    ]
    for call in calls:
        gateway_client.client_of_keys.cache_clear()
        stripe_server.requests.clear()
        call()
        assert sent_keys(stripe_server)[:2] == [NEW, OLD]


def test_that_the_first_key_is_refused_is_mailed_once_and_names_no_key(
    usd_mug: Item, two_keys: Keypair, settings: Any, mailoutbox: list[Any], monkeypatch: Any
) -> None:
    settings.ADMINS = [("owner", "owner@shop.example")]
    for _ in range(3):
        buy(usd_mug)
    (mail,) = mailoutbox
    assert "STRIPE_USD_SECRET_KEY" in mail.body
    assert OLD not in mail.body
    assert "whsec" not in mail.body
    monkeypatch.setattr(rolling, "SECONDS_BETWEEN_REPORTS", 0)
    buy(usd_mug)
    assert len(mailoutbox) == 2


def test_many_at_once_meet_a_rolled_key_and_all_are_served(
    stripe_server: StripeServer, two_keys: Keypair, caplog: Any
) -> None:
    def open_intent(number: int) -> str:
        return api.create_payment_intent(two_keys, {"amount": 1900, "currency": "usd"}, f"key-{number}").id

    with ThreadPoolExecutor(8) as shoppers:
        assert len(set(shoppers.map(open_intent, range(40)))) == 40
    assert sent_keys(stripe_server).count(NEW) <= 8
    assert len(reports(caplog)) == 1


def test_when_no_key_is_accepted_the_buy_fails_as_with_one(
    client: Client, usd_mug: Item, stripe_server: StripeServer, two_keys: Keypair, caplog: Any
) -> None:
    stripe_server.expired_keys = {NEW, OLD}
    response = client.get(f"/buy/{usd_mug.pk}")
    assert (response.status_code, response.json()["error"]["code"]) == (502, "stripe_refused")
    assert sent_keys(stripe_server) == [NEW, OLD]
    assert reports(caplog) == []
    assert "AuthenticationError" in caplog.text


def test_a_key_of_another_currency_is_never_tried(
    client: Client, eur_mug: Item, stripe_server: StripeServer, two_keys: Keypair
) -> None:
    stripe_server.expired_keys = {"sk_test_sandbox_eur"}
    assert client.get(f"/buy/{eur_mug.pk}").status_code == 502
    assert sent_keys(stripe_server) == ["sk_test_sandbox_eur"]


# --- A currency moves to another account --------------------------------------------------------------------------


@pytest.fixture
def move(settings: Any) -> Callable[[], None]:
    """Dollars go to another account from now on, and the former one is retired."""

    def move_dollars() -> None:
        former = keypair_for("USD")
        new = Keypair("USD", "pk_test_sandbox_2", "sk_test_sandbox_2", ("whsec_sandbox_2",))
        settings.STRIPE_KEYPAIRS = {**settings.STRIPE_KEYPAIRS, "USD": new}
        settings.STRIPE_RETIRED_KEYPAIRS = [replace(former, retired=True)]

    return move_dollars


def test_a_retired_account_still_settles_what_it_opened_and_new_sales_go_to_the_new_one(
    client: Client,
    usd_mug: Item,
    move: Callable[[], None],
    pay: Callable[..., Any],
    carry_webhooks: Callable[[], list[int]],
) -> None:
    before = client.get(f"/buy/{usd_mug.pk}").json()
    move()
    pay(before["url"], webhook="deliver")
    assert set(carry_webhooks()) == {200}
    assert Order.objects.get().is_paid
    after = client.get(f"/buy/{usd_mug.pk}").json()
    assert (before["publishable_key"], after["publishable_key"]) == ("pk_test_sandbox_usd", "pk_test_sandbox_2")
    pay(after["url"], webhook="deliver")
    assert set(carry_webhooks()) == {200}
    assert [order.is_paid for order in Order.objects.all()] == [True, True]
    assert sorted(Payment.objects.values_list("publishable_key", flat=True)) == [
        "pk_test_sandbox_2",
        "pk_test_sandbox_usd",
    ]


def test_an_order_offered_by_the_retired_account_is_closed_there_and_offered_anew(
    client: Client, usd_mug: Item, move: Callable[[], None]
) -> None:
    before = client.get(f"/buy/{usd_mug.pk}").json()
    former = keypair_for("USD")
    move()
    client.post(f"/order/{Order.objects.get().uuid}/checkout")
    assert api.retrieve_checkout_session(former, before["id"]).status == "expired"
    offered = Payment.objects.get(status="open")
    assert offered.publishable_key == "pk_test_sandbox_2"
    assert api.retrieve_checkout_session(keypair_for("USD"), offered.checkout_session_id).is_open


def test_an_event_of_the_new_account_pays_nothing_of_the_retired_one(
    client: Client, usd_mug: Item, move: Callable[[], None], send_event: SendEvent
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    payment = Payment.objects.get()
    move()
    session = {
        "id": payment.checkout_session_id,
        "object": "checkout.session",
        "client_reference_id": str(payment.order.uuid),
        "amount_total": payment.amount,
        "currency": "usd",
        "livemode": False,
        "metadata": {"payment": str(payment.pk)},
    }
    assert send_event(session).status_code == 200
    payment.refresh_from_db()
    assert payment.status == "open"


def test_an_account_that_is_neither_live_nor_retired_is_never_mistaken_for_the_present_one(
    client: Client, usd_mug: Item, move: Callable[[], None], settings: Any, pay: Callable[..., Any]
) -> None:
    bought = client.get(f"/buy/{usd_mug.pk}").json()
    pay(bought["url"])
    move()
    settings.STRIPE_RETIRED_KEYPAIRS = []
    payment = Payment.objects.get()
    with pytest.raises(StripeRefused):
        fulfillment.settle(payment)
    with pytest.raises(StripeRefused):
        fulfillment.close(payment)
    payment.refresh_from_db()
    assert payment.status == "open"
