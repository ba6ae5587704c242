"""Staff changes an order in the very moment in which its shopper pays."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from payments import checkout, fulfillment
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Item, Order, Payment
from payments.tests.stripe_server import StripeServer
from payments.tests.test_order_composing import change_page, form

Pay = Callable[..., Any]


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


def order_of(item: Item, visitor: str = "somebody") -> Order:
    return Order.objects.for_item(item, quantity=1, visitor=visitor)


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment is not None
    return payment


@pytest.mark.django_db(transaction=True)
def test_who_pays_in_the_moment_staff_saves_pays_what_the_order_says(
    admin_client: Client, usd_mug: Item, pay: Pay
) -> None:
    """Needs PostgreSQL: with SQLite nobody can write meanwhile."""
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite nobody can write meanwhile")
    order = order_of(usd_mug)
    buyers: list[threading.Thread] = []

    def buy_it() -> None:
        try:
            page = offer(Order.objects.get())
            pay(page.url)
            fulfillment.settle(page)
        finally:
            connection.close()

    def before(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "payments_orderline"') and not buyers:
            buyers.append(threading.Thread(target=buy_it))
            buyers[0].start()
            time.sleep(1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before):
        admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    buyers[0].join()
    paid = Payment.objects.get(status="paid")
    session = api.retrieve_checkout_session(keypair_for("USD"), paid.checkout_session_id)
    saved = Order.objects.get()
    assert (saved.status, saved.price.total, session.amount_total) == ("paid", 3800, 3800)


@pytest.mark.django_db(transaction=True)
def test_while_staff_saves_an_order_and_stripe_is_slow_others_can_buy(
    admin_client: Client, usd_mug: Item, eur_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    offer(order)
    refused: list[bool] = []

    def write() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 500")
        try:
            order_of(eur_mug, "another")
            refused.append(False)
        except Exception:  # noqa: BLE001
            refused.append(True)

    stripe_server.meanwhile = write
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert refused == [False]


@pytest.mark.django_db(transaction=True)
def test_staff_who_changes_an_order_and_the_webhook_of_the_page_it_closes_do_not_wait_for_each_other(
    admin_client: Client, usd_mug: Item
) -> None:
    """Needs PostgreSQL: with SQLite only one can write."""
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite only one can write")
    order = order_of(usd_mug)
    page = offer(order)
    started: list[threading.Thread] = []
    failed: list[Exception] = []

    def webhook() -> None:
        try:
            fulfillment.settle(Payment.objects.get(pk=page.pk))
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    def before(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "FOR UPDATE" in sql and not started:
            started.append(threading.Thread(target=webhook))
            started[0].start()
            time.sleep(1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before):
        admin_client.raise_request_exception = False
        status = admin_client.post(change_page(order), form((usd_mug, "2"), order=order)).status_code
    started[0].join()
    assert (failed, status) == ([], 302)


def test_an_order_that_staff_changes_while_it_holds_stock_takes_what_it_sells_from_the_stock(
    admin_client: Client, five_mugs: Item, pay: Pay
) -> None:
    order = order_of(five_mugs)
    offer(order)
    assert Item.objects.get().stock == 4
    admin_client.post(change_page(order), form((five_mugs, "3"), order=order))
    page = offer(Order.objects.get())
    pay(page.url)
    fulfillment.settle(page)
    assert Order.objects.get().is_paid
    assert Item.objects.get().stock == 2
