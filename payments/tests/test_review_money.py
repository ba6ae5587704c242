"""What a stranger could break: every test here fails as long as its defect is there."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from payments import checkout, counterparts, fulfillment, intents
from payments.errors import StorefrontError
from payments.gateway import api
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Counterpart, Discount, Item, Order, Payment, Tax
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_order_composing import change_page, form
from payments.tests.test_paying_here import intent_id, pay_here
from payments.tests.test_settling import at_once, known_as, known_visitor

SHOP = "http://testserver"
JSON = {"Accept": "application/json"}
Pay = Callable[..., Any]


def order_of(item: Item, visitor: str = "somebody", quantity: int = 1) -> Order:
    return Order.objects.for_item(item, quantity=quantity, visitor=visitor)


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin=SHOP)
    assert payment is not None
    return payment


def offer_here(order: Order) -> dict[str, Any]:
    payment = intents.open_intent(order=order)
    assert payment is not None
    return {"client_secret": payment.client_secret, "publishable_key": payment.publishable_key, "currency": "USD"}


def elsewhere(act: Callable[[], Any]) -> list[Any]:
    """Do it in another thread with a connection of its own, and wait for it."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(act())
        except Exception as error:  # noqa: BLE001
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return found


def taken(currency: str = "USD") -> int:
    """How much money the account has taken, in minor units."""
    listed = client_for(keypair_for(currency)).v1.payment_intents.list({"limit": 100}).data
    return sum(intent.amount_received for intent in listed)


@pytest.fixture
def five_mugs(usd_mug: Item) -> Item:
    Item.objects.update(stock=5)
    return usd_mug


@pytest.fixture
def once_only(db: None) -> Discount:
    return Discount.objects.create(name="Once", percent=Decimal(10), code="ONCE", maximum_uses=1)


# --- Charged twice ---------------------------------------------------------------------------------------------------


def test_while_a_bank_is_at_work_on_an_intent_the_hosted_page_takes_no_second_payment(
    client: Client, usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]]
) -> None:
    order = order_of(usd_mug)
    page, here = offer(order), offer_here(order)
    pay_here(here, bank="slow", webhook="lose")
    client.get(f"/order/{order.uuid}/success", {"payment_intent": intent_id(here)})
    assert Order.objects.get().status == "processing"
    session = api.retrieve_checkout_session(keypair_for("USD"), page.checkout_session_id)
    assert session.status == "expired"


def test_paid_here_with_the_webhook_late_the_hosted_page_in_another_tab_takes_no_second_payment(
    client: Client, usd_mug: Item, pay: Pay
) -> None:
    order = order_of(usd_mug)
    page, here = offer(order), offer_here(order)
    pay_here(here, webhook="lose")
    pay(page.url)
    assert taken() == 1900


def test_a_page_that_cannot_be_closed_is_not_followed_by_a_second_one_that_can_be_paid_too(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    first = offer(order)
    order.lines.update(quantity=2)
    Payment.objects.update(checked_at=timezone.now())
    stripe_server.answers = [Answer(403, '{"error": {"type": "invalid_request_error", "message": "no permission"}}')]
    with suppress(StorefrontError):
        offer(Order.objects.get())
    open_at_stripe = [
        session.id
        for session in client_for(keypair_for("USD")).v1.checkout.sessions.list({"limit": 10}).data
        if session.status == "open"
    ]
    assert open_at_stripe == [first.checkout_session_id]


def test_an_order_that_became_free_has_no_page_left_that_takes_money(client: Client, usd_mug: Item) -> None:
    order = order_of(usd_mug)
    page = offer(order)
    order.give_discount(Discount.objects.create(name="All of it", percent=Decimal(100)))
    client.post(f"/order/{order.uuid}/checkout")
    assert Order.objects.get().is_paid
    session = api.retrieve_checkout_session(keypair_for("USD"), page.checkout_session_id)
    assert session.status == "expired"


def test_what_could_not_be_closed_when_the_order_was_paid_is_closed_later(
    client: Client, usd_mug: Item, pay: Pay, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    order = order_of(usd_mug)
    page, here = offer(order), offer_here(order)
    original = stripe_server.answer

    def intents_fail(request: Any) -> Any:
        if "payment_intents" in request.path:
            return 500, '{"error": {"type": "api_error", "message": "down"}}'
        return original(request)

    stripe_server.answer = intents_fail  # type: ignore[method-assign]
    fulfilled = pay(page.url)
    client.get(fulfilled["Location"])
    assert Order.objects.get().is_paid
    stripe_server.answer = original  # type: ignore[method-assign]
    Payment.objects.update(checked_at=None)
    client.get(f"/order/{order.uuid}")
    client.get(fulfilled["Location"])
    assert api.retrieve_payment_intent(keypair_for("USD"), intent_id(here)).status == "canceled"


def test_an_intent_whose_new_amount_was_never_noted_pays_the_order(client: Client, usd_mug: Item) -> None:
    """The process ended between Stripe's answer to the new amount and the note of it."""
    order = order_of(usd_mug)
    here = offer_here(order)
    order.lines.update(quantity=2)
    api.update_payment_intent(keypair_for("USD"), intent_id(here), amount=3800)
    pay_here(here)
    client.get(f"/order/{order.uuid}/success", {"payment_intent": intent_id(here)})
    assert Order.objects.get().is_paid


# --- Staff while the shopper pays ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_paid_in_the_moment_staff_saves_it_stays_paid(
    admin_client: Client, usd_mug: Item, pay: Pay
) -> None:
    """Needs PostgreSQL: with SQLite nobody can write meanwhile."""
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite nobody can write meanwhile")
    order = order_of(usd_mug)
    happened: list[Any] = []

    def buy_it() -> None:
        page = offer(Order.objects.get())
        pay(page.url)
        fulfillment.settle(page)

    def before(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "payments_order"') and not happened:
            happened.append("now")
            happened.extend(elsewhere(buy_it))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before):
        admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert happened == ["now", None]
    assert Payment.objects.get().status == "paid"
    with suppress(StorefrontError):
        # Pending again, it is offered, paid and charged again, and then can never be settled: IntegrityError.
        second = offer(Order.objects.get())
        pay(second.url)
        fulfillment.settle(second)
    assert (Order.objects.get().status, taken()) == ("paid", 1900)


@pytest.mark.django_db(transaction=True)
def test_a_page_opened_in_the_moment_staff_saves_the_order_asks_for_what_the_order_says(
    admin_client: Client, usd_mug: Item, pay: Pay
) -> None:
    """Needs PostgreSQL: with SQLite nobody can write meanwhile."""
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite nobody can write meanwhile")
    order = order_of(usd_mug)
    happened: list[Any] = []

    def before(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "payments_order"') and not happened:
            happened.append("now")
            happened.extend(elsewhere(lambda: offer(Order.objects.get())))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before):
        admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    page = happened[1]
    pay(page.url)
    fulfillment.settle(page)
    paid = Order.objects.get()
    assert not paid.is_paid or paid.price.total == taken()


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


@pytest.mark.django_db(transaction=True)
def test_staff_who_saves_the_list_of_items_and_buyers_do_not_wait_for_each_other(
    admin_client: Client, five_mugs: Item
) -> None:
    """Needs PostgreSQL: with SQLite only one can write."""
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite only one can write")
    pot = Item.objects.create(name="Teapot", price=Money(40, "USD"), stock=5)
    order = Order.objects.create(currency="USD")
    for item in (five_mugs, pot):
        order.lines.create(item=item, name=item.name, currency="USD", unit_amount=item.unit_amount, quantity=1)
    values = list_fields_of(admin_client.get("/admin/payments/item/"))
    values |= {name: "7" for name in values if name.endswith("-stock")}
    reached = threading.Event()
    failed: list[Exception] = []
    updates: list[str] = []

    def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "payments_item"'):
            updates.append(sql)
            if len(updates) == 2:
                reached.wait(5)
                time.sleep(1)
        return execute(sql, params, many, context)

    def tell(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.startswith('UPDATE "payments_item"'):
            reached.set()
        return found

    def buyer() -> None:
        try:
            while len(updates) < 1:
                time.sleep(0.01)
            with connection.execute_wrapper(tell):
                offer(Order.objects.get(pk=order.pk))
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=buyer)
    thread.start()
    with connection.execute_wrapper(slowly):
        admin_client.raise_request_exception = False
        status = admin_client.post("/admin/payments/item/", values | {"_save": "Save"}).status_code
    thread.join()
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


def test_staff_who_edits_an_item_does_not_put_back_what_was_sold_meanwhile(
    admin_client: Client, five_mugs: Item
) -> None:
    page = admin_client.get(f"/admin/payments/item/{five_mugs.pk}/change/")
    values = fields_of(page)
    Client().get(f"/buy/{five_mugs.pk}?quantity=3")
    assert Item.objects.get().stock == 2
    admin_client.post(f"/admin/payments/item/{five_mugs.pk}/change/", values | {"name": "Mug with a handle"})
    assert Item.objects.get().name == "Mug with a handle"
    assert Item.objects.get().stock == 2


def test_staff_who_edits_the_list_does_not_put_back_what_was_sold_of_another_item(
    admin_client: Client, five_mugs: Item
) -> None:
    pot = Item.objects.create(name="Teapot", price=Money(40, "USD"))
    page = admin_client.get("/admin/payments/item/")
    values = list_fields_of(page)
    Client().get(f"/buy/{five_mugs.pk}?quantity=3")
    changed = next(name for name in values if name.endswith("-price_0") and values[name] in ("40", "40.00"))
    admin_client.post("/admin/payments/item/", values | {changed: "41", "_save": "Save"})
    pot.refresh_from_db()
    assert pot.price.amount == 41
    assert Item.objects.get(pk=five_mugs.pk).stock == 2


def fields_of(page: Any) -> dict[str, str]:
    return bound_values(page.context["adminform"].form)


def list_fields_of(page: Any) -> dict[str, str]:
    formset = page.context["cl"].formset
    values = bound_values(formset.management_form)
    for one in formset.forms:
        values |= bound_values(one)
    return values


def bound_values(one: Any) -> dict[str, str]:
    """What a browser would send of the form as it was shown."""
    values: dict[str, str] = {}
    for field in one:
        value = field.value()
        parts = list(value) if isinstance(value, list | tuple) else None
        if hasattr(value, "amount"):
            parts = [value.amount, value.currency]
        if parts is not None:
            values |= {f"{field.html_name}_{number}": str(part) for number, part in enumerate(parts)}
        elif value is True:
            values[field.html_name] = "on"
        elif value not in (None, False):
            values[field.html_name] = str(value)
    return values


def test_staff_who_changes_a_quantity_does_not_take_away_a_tax_whose_row_was_deleted(
    admin_client: Client, usd_mug: Item
) -> None:
    order = order_of(usd_mug)
    order.put_taxes([Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)])
    Tax.objects.all().delete()
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert Order.objects.get().price.total == 4560


def test_staff_who_changes_a_quantity_does_not_take_away_a_discount_whose_row_was_deleted(
    admin_client: Client, usd_mug: Item
) -> None:
    order = order_of(usd_mug)
    order.give_discount(Discount.objects.create(name="Ten percent off", percent=Decimal(10)))
    Discount.objects.all().delete()
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order))
    assert Order.objects.get().price.total == 3420


# --- Stock -----------------------------------------------------------------------------------------------------------


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
    offer_here(order)
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


# --- Discounts -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_who_pay_at_once_do_not_both_get_a_discount_for_one_use(
    usd_mug: Item, once_only: Discount, stripe_server: StripeServer, pay: Pay
) -> None:
    first, second = order_of(usd_mug, "first"), order_of(usd_mug, "second")
    for order in (first, second):
        order.give_discount(once_only)
    pages: list[str] = []

    def the_other() -> None:
        with suppress(StorefrontError):
            pages.append(offer(second).url)

    stripe_server.meanwhile = the_other
    pages.append(offer(first).url)
    for url in pages:
        Client().get(pay(url)["Location"])
    assert Order.objects.filter(status="paid", discount=once_only).count() == 1


def test_a_payment_that_was_never_made_does_not_use_up_a_discount_for_ever(usd_mug: Item, once_only: Discount) -> None:
    order = order_of(usd_mug, "looked and left")
    order.give_discount(once_only)
    offer_here(order)
    long_ago = timezone.now() - timedelta(days=90)
    Payment.objects.update(created=long_ago, changed=long_ago, checked_at=long_ago)
    other = order_of(usd_mug, "wants to pay")
    other.give_discount(once_only)
    offer(other)


def test_a_session_that_expired_without_a_webhook_does_not_use_up_a_discount_for_ever(
    usd_mug: Item, once_only: Discount
) -> None:
    order = order_of(usd_mug, "looked and left")
    order.give_discount(once_only)
    page = offer(order)
    api.expire_checkout_session(keypair_for("USD"), page.checkout_session_id)
    long_ago = timezone.now() - timedelta(days=90)
    Payment.objects.update(created=long_ago, changed=long_ago, checked_at=long_ago)
    other = order_of(usd_mug, "wants to pay")
    other.give_discount(once_only)
    offer(other)


def test_a_discount_that_was_deleted_is_not_given_any_more(client: Client, usd_mug: Item, once_only: Discount) -> None:
    orders = [order_of(usd_mug, str(number)) for number in range(3)]
    for order in orders:
        order.give_discount(once_only)
    once_only.delete()
    opened = 0
    for order in orders:
        with suppress(StorefrontError):
            opened += bool(offer(Order.objects.get(pk=order.pk)))
    assert opened <= 1


def test_a_discount_that_staff_stopped_takes_nothing_off_by_an_intent_opened_before(
    usd_mug: Item, once_only: Discount
) -> None:
    order = order_of(usd_mug)
    order.give_discount(once_only)
    here = offer_here(order)
    Payment.objects.update(created=timezone.now() - timedelta(days=90))
    Discount.objects.update(active=False, valid_until=timezone.now() - timedelta(days=80))
    assert "error" in pay_here(here)


# --- Stripe answers unexpectedly, and counterparts -------------------------------------------------------------------


def test_a_tax_rate_that_stripe_failed_to_make_once_is_asked_for_with_another_key(
    client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    """Stripe replays the first answer to a key for a day, a 500 included."""
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, automatic=True)
    failed: set[str] = set()
    original = stripe_server.answer

    def as_stripe_does(request: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        if request.path.endswith("/tax_rates") and (not failed or key in failed):
            failed.add(key)
            return 500, '{"error": {"type": "api_error", "message": "down"}}'
        return original(request)

    stripe_server.answer = as_stripe_does  # type: ignore[method-assign]
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 503
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200


def test_a_deleted_coupon_does_not_make_the_tax_rates_anew(usd_mug: Item) -> None:
    order = order_of(usd_mug)
    order.give_discount(Discount.objects.create(name="Ten percent off", percent=Decimal(10)))
    order.put_taxes([Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)])
    page = offer(order)
    api.delete_coupon(keypair_for("USD"), Counterpart.objects.get(kind="coupon").stripe_id)
    api.expire_checkout_session(keypair_for("USD"), page.checkout_session_id)
    fulfillment.settle(Payment.objects.get())
    offer(Order.objects.get())
    rates = client_for(keypair_for("USD")).v1.tax_rates.list({"limit": 100, "active": True}).data
    assert len(rates) == 1


def test_one_leftover_that_cannot_be_retired_does_not_keep_the_others(usd_mug: Item) -> None:
    Counterpart.objects.create(
        kind="coupon", account="pk_live_gone", currency="GBP", content="0" * 64, stripe_id="shop-of-an-account-we-left"
    )
    order = order_of(usd_mug)
    discount = Discount.objects.create(name="Ten percent off", percent=Decimal(10))
    order.give_discount(discount)
    offer(order)
    discount.delete()
    counterparts.retire_leftovers()
    assert client_for(keypair_for("USD")).v1.coupons.list({"limit": 10}).data == []


@pytest.mark.django_db(transaction=True)
def test_a_tax_rate_that_somebody_archived_is_made_anew_once_however_many_buy(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False, automatic=True)
    offer(order_of(usd_mug))
    api.archive_tax_rate(keypair_for("USD"), Counterpart.objects.get().stripe_id)
    orders = iter([order_of(usd_mug, str(number)) for number in range(12)])
    lock = threading.Lock()

    def buy() -> None:
        with lock:
            order = next(orders)
        offer(order)

    failures = at_once(12, buy)
    rates = client_for(keypair_for("USD")).v1.tax_rates.list({"limit": 100, "active": True}).data
    assert (failures, len(rates)) == ([], 1)


def test_an_order_has_no_more_lines_than_stripe_takes_however_the_form_is_sent(
    admin_client: Client, usd_mug: Item
) -> None:
    admin_client.post("/admin/payments/order/add/", form(*[(usd_mug, "1")] * 101))
    assert [order.lines.count() for order in Order.objects.all()] in ([], [100])


def test_the_form_of_an_order_asks_for_the_items_once_however_many_lines_it_has(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    order = Order.objects.create(currency="USD")
    for _ in range(100):
        order.lines.create(item=usd_mug, name="Mug", currency="USD", unit_amount=1900, quantity=999)
    with django_assert_max_num_queries(40):
        admin_client.get(change_page(order))


def test_an_order_with_more_taxes_than_stripe_takes_is_refused_in_words_before_stripe_is_asked(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    order.put_taxes(
        [
            Tax.objects.create(display_name=f"Tax {number}", percentage=Decimal(number), inclusive=False)
            for number in range(11)
        ]
    )
    for _ in range(3):
        with suppress(StorefrontError):
            offer(Order.objects.get())
    made = [sent for sent in stripe_server.requests if sent.path.endswith("/tax_rates") and sent.method == "POST"]
    assert len(made) <= 11


def test_intents_that_stripe_cancels_at_once_are_not_made_without_end(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    order = order_of(usd_mug)
    stripe_server.intent_changes = {"status": "canceled"}
    client.raise_request_exception = False
    answer = client.post(f"/order/{order.uuid}/intent")
    assert (answer.status_code in (502, 503), Payment.objects.count() < 5) == (True, True)


def test_a_request_that_ended_half_way_is_gone_on_with_by_the_next_click(
    client: Client, five_mugs: Item, stripe_server: StripeServer
) -> None:
    """The page of a held item must be open for 30 minutes at least, or Stripe refuses it."""
    order = order_of(five_mugs)
    keypair = keypair_for("USD")
    Payment.objects.begin(
        order, publishable_key=keypair.publishable_key, livemode=False, method=Payment.Method.CHECKOUT
    )
    Payment.objects.update(created=timezone.now() - timedelta(minutes=10))
    response = client.post(f"/order/{order.uuid}/checkout")
    sent = next(sent for sent in stripe_server.requests if sent.path.endswith("/sessions"))
    assert int(sent.params["expires_at"]) - timezone.now().timestamp() > 30 * 60
    assert response.status_code == 303


# --- What is sent ----------------------------------------------------------------------------------------------------


def test_a_code_that_no_text_can_be_is_refused_and_the_next_page_is_shown(client: Client, usd_mug: Item) -> None:
    client.post(f"/cart/add/{usd_mug.pk}", {"quantity": "1"})
    client.get("/cart")
    client.post("/cart/code", json.dumps({"code": "\ud800"}), "application/json")
    assert client.get("/cart").status_code == 200


def test_nothing_sent_makes_the_shop_fail(client: Client, admin_client: Client, usd_mug: Item) -> None:
    huge, nul = "9" * 40, "%00"
    order = order_of(usd_mug)
    client.post(f"/cart/add/{usd_mug.pk}", {"quantity": "1"})
    found = {}
    for who in (client, admin_client):
        for path in (
            *(f"/item/{huge}", f"/buy/{huge}", f"/buy/{nul}", f"/order/{huge}", f"/item/by_order/{huge}"),
            *(f"/item/by_order/{usd_mug.pk}?before={huge}", f"/item/by_order/{usd_mug.pk}?before=", "/cart?x=%00"),
            *(f"/order/{order.uuid}/success?session_id={nul}", f"/order/{order.uuid}/success?payment_intent={nul}x"),
            *(f"/?after={huge}", "/?currency=%00", f"/buy/{usd_mug.pk}?quantity=%00", f"/order/{'0' * 4400}1"),
        ):
            found[path] = who.get(path, headers=JSON).status_code
    for path, values in (
        *((f"/cart/add/{huge}", {}), (f"/cart/change/{huge}", {"quantity": "1"}), (f"/cart/remove/{huge}", {})),
        *(("/cart/code", {"code": "\0"}), ("/cart/code", {"code": "x" * 5000}), ("/cart/checkout", {"content": "\0"})),
        *((f"/intent/{huge}", {}), ("/intent/\u0661", {}), (f"/cart/add/{usd_mug.pk}", {"unit_amount": huge})),
        (f"/buy/{usd_mug.pk}", {"unit_amount": "\0", "currency": "\0"}),
    ):
        found[path] = client.post(path, values).status_code
    for body in ("[]", "null", '{"quantity": null}', '{"quantity": 1e400}', '{"code": {"a": 1}}', '{"content": []}'):
        for path in (f"/buy/{usd_mug.pk}", "/cart/code", "/cart/checkout", f"/cart/add/{usd_mug.pk}"):
            found[path + body] = client.post(path, body, "application/json", headers=JSON).status_code
    assert {path: status for path, status in found.items() if status >= 500} == {}
