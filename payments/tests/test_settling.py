"""An order is paid when Stripe says so, once, whoever hears of it first."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from payments import fulfillment
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Item, Order, Payment
from payments.tests.stripe_server import Answer, StripeServer

Pay = Callable[..., Any]


@pytest.fixture
def bought(client: Client, usd_mug: Item) -> dict[str, str]:
    """What /buy answered for the dollar mug."""
    answer: dict[str, str] = client.get(f"/buy/{usd_mug.pk}").json()
    return answer


def order_path(ending: str = "") -> str:
    return f"/order/{Order.objects.get().uuid}{ending}"


def status() -> str:
    return Order.objects.get().status


def test_with_the_webhook_lost_the_success_page_alone_settles(client: Client, bought: dict[str, str], pay: Pay) -> None:
    returned = pay(bought["url"], webhook="lose")
    assert returned.status_code == 303
    page = client.get(returned["Location"])
    assert "Your order is paid" in page.content.decode()
    payment = Payment.objects.get()
    assert (status(), payment.status) == ("paid", "paid")
    assert payment.payment_intent_id.startswith("pi_")
    assert Order.objects.get().paid_at


def test_a_forged_success_address_settles_nothing(client: Client, bought: dict[str, str]) -> None:
    for session_id in (bought["id"], "cs_test_forged", "", "{CHECKOUT_SESSION_ID}"):
        page = client.get(order_path("/success"), {"session_id": session_id})
        assert page.status_code == 200
        assert "waiting for your payment" in page.content.decode()
    assert status() == "pending"


def test_somebody_elses_paid_session_does_not_pay_my_order(client: Client, usd_mug: Item, pay: Pay) -> None:
    theirs = Client().get(f"/buy/{usd_mug.pk}").json()
    pay(theirs["url"])
    client.get(f"/buy/{usd_mug.pk}")
    mine = Order.objects.latest("pk")
    client.get(f"/order/{mine.uuid}/success", {"session_id": theirs["id"]})
    mine.refresh_from_db()
    assert mine.status == "pending"


def test_with_the_webhook_lost_and_the_tab_closed_the_order_page_settles(
    client: Client, bought: dict[str, str], pay: Pay
) -> None:
    pay(bought["url"])
    assert "Your order is paid" in client.get(order_path()).content.decode()


def test_the_webhook_alone_settles(bought: dict[str, str], pay: Pay, carry_webhooks: Callable[[], list[int]]) -> None:
    pay(bought["url"], webhook="deliver")
    assert set(carry_webhooks()) == {200}
    assert status() == "paid"


def test_a_webhook_sent_twice_settles_once(
    bought: dict[str, str], pay: Pay, carry_webhooks: Callable[[], list[int]]
) -> None:
    pay(bought["url"], webhook="twice")
    assert len(carry_webhooks()) >= 2
    paid_at = Order.objects.get().paid_at
    assert status() == "paid"
    fulfillment.settle(Payment.objects.get())
    assert Order.objects.get().paid_at == paid_at


def test_a_declined_card_leaves_the_order_to_be_paid(client: Client, bought: dict[str, str], pay: Pay) -> None:
    declined = pay(bought["url"], "4000 0000 0000 0002")
    assert "declined" in declined.content.decode()
    page = client.get(order_path()).content.decode()
    assert "waiting for your payment" in page
    assert "pay-button" in page


def test_going_back_keeps_the_order_and_says_that_nothing_was_charged(client: Client, bought: dict[str, str]) -> None:
    page = client.get(order_path("/cancel")).content.decode()
    assert "Nothing was charged" in page
    assert client.post(order_path("/checkout"))["Location"] == bought["url"]


def test_going_back_after_having_paid_in_another_tab_shows_that_it_is_paid(
    client: Client, bought: dict[str, str], pay: Pay
) -> None:
    pay(bought["url"])
    assert "Your order is paid" in client.get(order_path("/cancel")).content.decode()


def test_an_expired_session_can_be_paid_again_from_the_order_page(
    client: Client, bought: dict[str, str], stripe_server: StripeServer
) -> None:
    stripe_server.changes = {"status": "expired", "url": None}
    client.get(order_path())
    assert Payment.objects.get().status == "expired"
    stripe_server.changes = {}
    again = client.post(order_path("/checkout"))
    assert again.status_code == 303
    assert again["Location"] != bought["url"]


def test_a_bank_that_takes_its_time_is_waited_for_and_nothing_can_be_paid_meanwhile(
    client: Client, bought: dict[str, str], stripe_server: StripeServer
) -> None:
    stripe_server.changes = processing("processing")
    page = client.get(order_path("/success"), {"session_id": bought["id"]}).content.decode()
    assert "under way" in page
    assert "pay-button" not in page
    assert client.post(order_path("/checkout")).status_code == 409
    stripe_server.changes = {"status": "complete", "payment_status": "paid"}
    fulfillment.settle(Payment.objects.get())
    assert status() == "paid"


def test_a_bank_that_refuses_after_days_leaves_the_order_to_be_paid(
    client: Client, bought: dict[str, str], stripe_server: StripeServer
) -> None:
    stripe_server.changes = processing("processing")
    fulfillment.settle(Payment.objects.get())
    assert status() == "processing"
    stripe_server.changes = processing("requires_payment_method")
    fulfillment.settle(Payment.objects.get())
    assert (status(), Payment.objects.get().status) == ("pending", "failed")


def processing(intent_status: str) -> dict[str, Any]:
    intent = {"id": "pi_1", "object": "payment_intent", "status": intent_status}
    return {"status": "complete", "payment_status": "unpaid", "payment_intent": intent}


@pytest.mark.parametrize(
    "change",
    [{"amount_total": 1}, {"currency": "eur"}, {"livemode": True}, {"client_reference_id": "another"}],
    ids=["another amount", "another currency", "another mode", "another order"],
)
def test_a_payment_on_other_terms_pays_nothing_and_is_reported(
    client: Client, bought: dict[str, str], stripe_server: StripeServer, change: dict[str, Any], caplog: Any
) -> None:
    stripe_server.changes = {"status": "complete", "payment_status": "paid", **change}
    client.get(order_path("/success"), {"session_id": bought["id"]})
    assert status() == "pending"
    assert "Stripe says" in Payment.objects.get().problem
    assert "is not settled" in caplog.text


def test_a_payment_that_was_given_up_and_is_paid_all_the_same_pays_the_order(
    client: Client, bought: dict[str, str], pay: Pay
) -> None:
    Payment.objects.get().mark_expired()
    client.get(pay(bought["url"])["Location"])
    assert (status(), Payment.objects.get().status) == ("paid", "paid")


def test_an_order_paid_twice_is_paid_once_and_the_second_payment_is_shown_for_refund(
    client: Client, usd_mug: Item, bought: dict[str, str], pay: Pay, caplog: Any
) -> None:
    Payment.objects.get().mark_expired()
    second = client.get(f"/buy/{usd_mug.pk}").json()
    for url in (second["url"], bought["url"]):
        client.get(pay(url)["Location"])
    assert status() == "paid"
    assert list(Payment.objects.values_list("attempt", "status")) == [(2, "paid"), (1, "duplicate")]
    assert "paid a second time" in caplog.text


def test_a_paid_order_has_no_page_left_that_could_be_paid(
    client: Client, usd_mug: Item, bought: dict[str, str], pay: Pay
) -> None:
    Payment.objects.get().mark_expired()
    second = client.get(f"/buy/{usd_mug.pk}").json()
    client.get(pay(bought["url"])["Location"])
    assert list(Payment.objects.values_list("attempt", "status")) == [(2, "expired"), (1, "paid")]
    assert api.retrieve_checkout_session(keypair_for("USD"), second["id"]).status == "expired"


def test_while_one_bank_is_at_work_the_refusal_of_another_changes_nothing(
    client: Client, usd_mug: Item, bought: dict[str, str], stripe_server: StripeServer
) -> None:
    first = Payment.objects.get()
    first.mark_expired()
    client.get(f"/buy/{usd_mug.pk}")
    Payment.objects.update(status="processing")
    Order.objects.update(status="processing")
    stripe_server.changes = processing("requires_payment_method")
    fulfillment.settle(first)
    assert (status(), Payment.objects.get(pk=first.pk).status) == ("processing", "failed")


def test_with_stripe_down_the_order_page_shows_what_is_known(
    client: Client, bought: dict[str, str], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [Answer(hang_up=True)] * 3
    page = client.get(order_path("/success"), {"session_id": bought["id"]})
    assert page.status_code == 200
    assert "waiting for your payment" in page.content.decode()


def test_a_session_that_was_noted_without_its_address_gets_it_from_stripe(
    client: Client, usd_mug: Item, bought: dict[str, str]
) -> None:
    Payment.objects.update(status="created", url="")
    fulfillment.settle(Payment.objects.get())
    assert client.get(f"/buy/{usd_mug.pk}").json() == bought


def test_a_bank_at_work_on_a_session_that_was_deleted_is_not_waited_for(
    client: Client, bought: dict[str, str], stripe_server: StripeServer, settings: Any, tmp_path: Path
) -> None:
    stripe_server.changes = processing("processing")
    fulfillment.settle(Payment.objects.get())
    stripe_server.changes = {}
    settings.STRIPE_SANDBOX_DATABASE = str(tmp_path / "another.sqlite3")
    fulfillment.settle(Payment.objects.get())
    assert (status(), Payment.objects.get().status) == ("pending", "expired")


def test_a_problem_is_reported_once_however_often_the_page_is_reloaded(
    client: Client, bought: dict[str, str], stripe_server: StripeServer, caplog: Any
) -> None:
    stripe_server.changes = {"status": "complete", "payment_status": "paid", "amount_total": 1}
    for _ in range(5):
        client.get(order_path("/success"), {"session_id": bought["id"]})
    assert caplog.text.count("is not settled") == 1


def test_the_return_page_tells_what_a_faster_webhook_has_settled(
    client: Client, bought: dict[str, str], pay: Pay
) -> None:
    """The webhook arrives after the page has read the order, and before it has looked at its payments."""
    pay(bought["url"])
    arrived: list[bool] = []

    def webhook_arrives(execute: Any, sql: str, *args: Any) -> Any:
        if 'FROM "payments_payment"' in sql and not arrived:
            arrived.append(True)
            fulfillment.settle(Payment.objects.get())
        return execute(sql, *args)

    with connection.execute_wrapper(webhook_arrives):
        page = client.get(order_path("/success"), {"session_id": bought["id"]}).content.decode()
    assert arrived
    assert "Your order is paid" in page


def test_a_page_that_is_reloaded_asks_stripe_once_in_three_seconds(
    client: Client, bought: dict[str, str], stripe_server: StripeServer
) -> None:
    for _ in range(5):
        client.get(order_path())
    assert len(stripe_server.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_make_one_transition(usd_mug: Item, pay: Pay, caplog: Any) -> None:
    caplog.set_level("INFO", "payments.fulfillment")
    bought = Client().get(f"/buy/{usd_mug.pk}").json()
    pay(bought["url"])
    payment = Payment.objects.get()
    failures = at_once(10, lambda: fulfillment.settle(Payment.objects.get(pk=payment.pk)))
    assert failures == []
    assert (status(), Payment.objects.get().status) == ("paid", "paid")
    assert caplog.text.count("is paid:") == 1


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_open_one_session(usd_mug: Item, stripe_server: StripeServer) -> None:
    visitor = known_visitor(usd_mug)
    answers: list[str] = []

    def click() -> None:
        answers.append(known_as(visitor).get(f"/buy/{usd_mug.pk}").json()["id"])

    assert at_once(8, click) == []
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert Order.objects.count() == Payment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_click_that_fails_leaves_the_page_that_another_opened(usd_mug: Item, stripe_server: StripeServer) -> None:
    visitor = known_visitor(usd_mug)
    others: list[Any] = []
    stripe_server.meanwhile = lambda: others.append(known_as(visitor).get(f"/buy/{usd_mug.pk}").json())
    stripe_server.answers = [Answer(429, "{}")]
    answer = visitor.get(f"/buy/{usd_mug.pk}").json()
    assert others == [answer]
    assert (Payment.objects.get().status, Payment.objects.get().checkout_session_id) == ("open", answer["id"])


@pytest.mark.django_db(transaction=True)
def test_a_page_that_another_click_took_for_failed_is_open_after_all(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    stripe_server.meanwhile = lambda: Payment.objects.get().mark_not_opened("stripe_unreachable")
    answer = Client().get(f"/buy/{usd_mug.pk}").json()
    assert (Payment.objects.get().status, Payment.objects.get().url) == ("open", answer["url"])


@pytest.mark.django_db(transaction=True)
def test_a_page_gives_way_to_a_later_attempt(usd_mug: Item, stripe_server: StripeServer) -> None:
    visitor = known_visitor(usd_mug)
    others: list[Any] = []

    def fail_and_press_again() -> None:
        Payment.objects.get().mark_not_opened("stripe_unreachable")
        others.append(known_as(visitor).get(f"/buy/{usd_mug.pk}").json())

    stripe_server.meanwhile = fail_and_press_again
    assert visitor.get(f"/buy/{usd_mug.pk}").status_code == 503
    assert list(Payment.objects.values_list("attempt", "status")) == [(2, "open"), (1, "failed")]
    assert visitor.get(f"/buy/{usd_mug.pk}").json() == others[0]
    assert stripe_server.requests[2].path.endswith("/expire")


@pytest.mark.django_db(transaction=True)
def test_a_second_click_waits_for_the_answer_to_the_first(
    usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    visitor = known_visitor(usd_mug)
    answers: list[Any] = []
    second = threading.Thread(target=lambda: answers.append(known_as(visitor).get(f"/buy/{usd_mug.pk}").json()))

    def press_again_while_stripe_is_busy() -> None:
        stripe_server.answers = [Answer(409, "{}")] * 3
        second.start()
        time.sleep(0.5)

    stripe_server.meanwhile = press_again_while_stripe_is_busy
    answers.append(visitor.get(f"/buy/{usd_mug.pk}").json())
    second.join()
    assert answers[0] == answers[1]
    assert Payment.objects.get().status == "open"


@pytest.mark.django_db(transaction=True)
def test_the_same_order_opened_under_two_names_of_the_shop_has_one_page(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    visitor = known_visitor(usd_mug)
    others: list[Any] = []

    def press_under_another_name() -> None:
        others.append(known_as(visitor).get(f"/buy/{usd_mug.pk}", headers={"Host": "localhost"}).json())

    stripe_server.meanwhile = press_under_another_name
    answer = visitor.get(f"/buy/{usd_mug.pk}").json()
    assert others == [answer]
    assert Payment.objects.get().checkout_session_id == answer["id"]
    assert [sent.path.rsplit("/", 1)[1] for sent in stripe_server.requests] == ["sessions", "sessions", "expire"]


@pytest.mark.django_db(transaction=True)
def test_an_order_paid_while_a_page_is_opened_for_it_is_not_offered_again(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    stripe_server.meanwhile = lambda: Order.objects.get().mark_paid()
    refused = Client().get(f"/buy/{usd_mug.pk}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "order_closed")
    assert Payment.objects.get().status == "expired"
    assert stripe_server.requests[-1].path.endswith("/expire")


def known_visitor(item: Item) -> Client:
    visitor = Client()
    visitor.get(f"/item/{item.pk}")
    return visitor


def known_as(visitor: Client) -> Client:
    """The same browser, in another tab."""
    return Client(headers={"Cookie": f"visitor={visitor.cookies['visitor'].value}"})


def at_once(how_many: int, act: Callable[[], None]) -> list[BaseException]:
    """Do it in so many threads that start together; what went wrong in them."""
    barrier, failures = threading.Barrier(how_many), []

    def run() -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001  (whatever it is, the test shall see it)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(how_many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
