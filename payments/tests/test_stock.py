"""No more is sold than there was, and nothing stays held for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payments import checkout, fulfillment, intents
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Discount, Item, Order, Payment
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_settling import known_as, known_visitor

JSON = {"Accept": "application/json"}


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


def order_of(item: Item, visitor: str = "somebody", quantity: int = 1) -> Order:
    return Order.objects.for_item(item, quantity=quantity, visitor=visitor)


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment is not None
    return payment


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


def test_a_click_on_what_is_sold_out_writes_nothing(client: Client, usd_mug: Item) -> None:
    Item.objects.update(stock=0)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/buy/{usd_mug.pk}").status_code == 409
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []


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
    long_ago = timezone.now() - timedelta(hours=1)
    Payment.objects.filter(checkout_session_id=held["id"]).update(created=long_ago)
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


@pytest.mark.django_db(transaction=True)
def test_a_page_that_another_click_took_for_failed_holds_what_it_sells(
    five_mugs: Item, stripe_server: StripeServer
) -> None:
    visitor = known_visitor(five_mugs)

    def click_that_fails() -> None:
        stripe_server.answers = [Answer(400, '{"error": {"type": "invalid_request_error", "message": "no"}}')]
        known_as(visitor).get(f"/buy/{five_mugs.pk}?quantity=3")

    stripe_server.meanwhile = click_that_fails
    answer = visitor.get(f"/buy/{five_mugs.pk}?quantity=3")
    assert answer.status_code == 200
    assert (Payment.objects.get().status, Item.objects.get().stock) == ("open", 2)


def test_a_second_click_on_the_last_one_finds_the_page_of_the_first(usd_mug: Item) -> None:
    Item.objects.update(stock=1)
    visitor = known_visitor(usd_mug)
    first = visitor.get(f"/buy/{usd_mug.pk}").json()
    assert visitor.get(f"/buy/{usd_mug.pk}").json() == first


def test_an_intent_that_is_refused_gives_back_what_it_held(
    client: Client, five_mugs: Item, stripe_server: StripeServer
) -> None:
    order = order_of(five_mugs, quantity=5)
    intents.open_intent(order=order)
    assert Item.objects.get().stock == 0
    Payment.objects.update(checked_at=timezone.now())
    stripe_server.intent_changes = {"amount": 1}
    assert client.post(f"/order/{order.uuid}/intent").status_code == 502
    stripe_server.intent_changes = {}
    Payment.objects.update(created=timezone.now() - timedelta(days=1))
    assert client.get(f"/buy/{five_mugs.pk}").status_code == 200


def test_what_is_held_comes_back_though_the_process_ended_after_the_payment_was_given_up(
    client: Client, five_mugs: Item
) -> None:
    offer(order_of(five_mugs, quantity=5))
    # As fulfillment.close leaves it if the process ends between mark_expired and release_if_idle.
    Payment.objects.get().mark_expired()
    Payment.objects.update(created=timezone.now() - timedelta(days=1))
    assert client.get(f"/buy/{five_mugs.pk}").status_code == 200


def test_a_free_order_gets_what_others_did_not_pay_in_time(client: Client, five_mugs: Item) -> None:
    held = offer(order_of(five_mugs, "slow", quantity=5))
    api.expire_checkout_session(keypair_for("USD"), held.checkout_session_id)
    Payment.objects.update(created=timezone.now() - timedelta(hours=1))
    order = order_of(five_mugs)
    order.give_discount(Discount.objects.create(name="All of it", percent=Decimal(100)))
    client.post(f"/order/{order.uuid}/checkout")
    assert Order.objects.get(pk=order.pk).is_paid


def test_with_stripe_down_the_page_of_a_sold_out_item_does_not_wait_for_each_payment(
    client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    Item.objects.update(stock=20)
    for number in range(20):
        offer(order_of(usd_mug, str(number)))
    Payment.objects.update(created=timezone.now() - timedelta(hours=1))
    stripe_server.requests.clear()
    stripe_server.answers = [Answer(hang_up=True)] * 100
    client.get(f"/item/{usd_mug.pk}")
    assert len(stripe_server.requests) <= 6


@pytest.mark.django_db(transaction=True)
def test_nobody_locks_an_order_who_could_not_keep_it_locked(usd_mug: Item) -> None:
    order = order_of(usd_mug)
    with pytest.raises(TransactionManagementError):
        Order.objects.locked(order.pk)
