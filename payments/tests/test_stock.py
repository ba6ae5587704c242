"""No more is sold than there was, and nothing stays held for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from payments import fulfillment
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Item, Order, Payment
from payments.tests.stripe_server import Answer, StripeServer

JSON = {"Accept": "application/json"}


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


def left() -> int | None:
    return Item.objects.get().stock


def test_what_is_offered_is_held_and_what_is_paid_is_gone(
    client: Client, five_mugs: Item, pay: Callable[..., Any]
) -> None:
    bought = client.get(f"/buy/{five_mugs.pk}?quantity=2").json()
    assert left() == 3
    client.get(pay(bought["url"])["Location"])
    assert (left(), Order.objects.get().holds_stock) == (3, False)


def test_a_double_click_holds_once(client: Client, five_mugs: Item) -> None:
    for _ in range(3):
        client.get(f"/buy/{five_mugs.pk}?quantity=2")
    assert left() == 3


def test_more_than_is_left_is_refused_before_stripe_is_asked(
    client: Client, five_mugs: Item, stripe_server: StripeServer
) -> None:
    response = client.get(f"/buy/{five_mugs.pk}?quantity=6", headers=JSON)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "sold_out")
    assert "Stoneware Mug: there are not so many left" in response.json()["error"]["message"]
    assert (left(), stripe_server.requests) == (5, [])


def test_a_sold_out_item_says_so_and_cannot_be_bought(client: Client, usd_mug: Item) -> None:
    Item.objects.update(stock=0)
    assert "Sold out" in client.get(f"/item/{usd_mug.pk}").content.decode()
    assert "Sold out" in client.get("/").content.decode()
    assert client.get(f"/buy/{usd_mug.pk}").json()["error"]["code"] == "sold_out"


def test_an_item_without_a_count_is_never_sold_out(client: Client, usd_mug: Item) -> None:
    assert client.get(f"/buy/{usd_mug.pk}?quantity=999").status_code == 200
    assert (left(), Order.objects.get().holds_stock) == (None, False)


def test_the_page_closes_soon_while_stock_is_held(client: Client, five_mugs: Item, stripe_server: StripeServer) -> None:
    client.get(f"/buy/{five_mugs.pk}")
    minutes = (int(stripe_server.requests[0].params["expires_at"]) - timezone.now().timestamp()) / 60
    assert 30 < minutes <= 35


def test_when_the_session_expires_it_is_given_back(client: Client, five_mugs: Item) -> None:
    bought = client.get(f"/buy/{five_mugs.pk}?quantity=2").json()
    api.expire_checkout_session(keypair_for("USD"), bought["id"])
    fulfillment.settle(Payment.objects.get())
    assert left() == 5


def test_when_stripe_refuses_it_is_given_back(client: Client, five_mugs: Item, stripe_server: StripeServer) -> None:
    stripe_server.answers = [Answer(400, '{"error": {"type": "invalid_request_error", "message": "no"}}')]
    assert client.get(f"/buy/{five_mugs.pk}").status_code == 502
    assert left() == 5


def test_what_was_never_paid_is_given_back_when_somebody_needs_it_though_every_webhook_was_lost(
    five_mugs: Item, client: Client
) -> None:
    held = Client().get(f"/buy/{five_mugs.pk}?quantity=3").json()
    Client().get(f"/buy/{five_mugs.pk}?quantity=2")
    api.expire_checkout_session(keypair_for("USD"), held["id"])
    assert "Sold out" in client.get(f"/item/{five_mugs.pk}").content.decode()
    Payment.objects.update(created=timezone.now() - timedelta(hours=1))
    assert "buy-button" in client.get(f"/item/{five_mugs.pk}").content.decode()
    assert client.get(f"/buy/{five_mugs.pk}?quantity=3").status_code == 200
    assert left() == 0


def test_what_a_process_held_that_ended_is_given_back_too(five_mugs: Item, client: Client) -> None:
    Client().get(f"/buy/{five_mugs.pk}?quantity=5")
    long_ago = timezone.now() - timedelta(hours=1)
    Payment.objects.update(status="created", checkout_session_id="", url="", created=long_ago)
    assert client.get(f"/buy/{five_mugs.pk}").status_code == 200
    assert left() == 4


def test_what_somebody_may_still_pay_is_not_taken_away(five_mugs: Item, client: Client) -> None:
    Client().get(f"/buy/{five_mugs.pk}?quantity=5")
    assert client.get(f"/buy/{five_mugs.pk}").json()["error"]["code"] == "sold_out"


def test_paid_though_it_had_been_given_back_it_is_taken_again(
    client: Client, five_mugs: Item, pay: Callable[..., Any]
) -> None:
    bought = client.get(f"/buy/{five_mugs.pk}?quantity=2").json()
    Payment.objects.get().mark_expired()
    Order.objects.get().release_if_idle()
    assert left() == 5
    client.get(pay(bought["url"])["Location"])
    assert left() == 3


def test_paid_though_it_is_gone_is_said_loudly(
    client: Client, five_mugs: Item, pay: Callable[..., Any], caplog: Any
) -> None:
    bought = client.get(f"/buy/{five_mugs.pk}?quantity=2").json()
    Payment.objects.get().mark_expired()
    Order.objects.get().release_if_idle()
    Item.objects.update(stock=1)
    client.get(pay(bought["url"])["Location"])
    assert Order.objects.get().is_paid
    assert "is paid and cannot be delivered" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_buyers_at_once_five_get_one(usd_mug: Item, stripe_server: StripeServer) -> None:
    Item.objects.update(stock=5)

    def buyer(number: int) -> int:
        try:
            return Client().get(f"/buy/{usd_mug.pk}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(32) as buyers:
        statuses = list(buyers.map(buyer, range(200)))
    assert (statuses.count(200), statuses.count(409), left()) == (5, 195, 0)
    for payment in Payment.objects.filter(status="open"):
        api.expire_checkout_session(keypair_for("USD"), payment.checkout_session_id)
        fulfillment.settle(payment)
    assert left() == 5
