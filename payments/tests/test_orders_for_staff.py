"""Staff and their programs read orders by number; nobody else can go through them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from payments.models import Item, Order, StripeEvent
from payments.views import staff

PATHS = ["/order/{order}", "/item/by_order/{item}"]


@pytest.fixture
def orders(usd_mug: Item, eur_mug: Item) -> list[Order]:
    return [
        Order.objects.for_item(item, quantity=number + 1, visitor=str(number))
        for number in range(3)
        for item in (usd_mug, eur_mug)
    ]


def test_an_order_by_its_number(admin_client: Client, orders: list[Order]) -> None:
    answer = admin_client.get(f"/order/{orders[2].pk}").json()
    assert (answer["id"], answer["currency"], answer["amount"]) == (orders[2].pk, "USD", 3800)
    assert (answer["created"], answer["paid_at"]) == (orders[2].created.isoformat(), None)
    (line,) = answer["lines"]
    assert line == {"item": orders[2].lines.get().item_id, "name": "Stoneware Mug", "quantity": 2} | {
        "unit_amount": 1900,
        "amount": 3800,
    }


def test_all_orders_that_contain_an_item(admin_client: Client, orders: list[Order], usd_mug: Item) -> None:
    answer = admin_client.get(f"/item/by_order/{usd_mug.pk}").json()
    assert [found["id"] for found in answer["orders"]] == [orders[4].pk, orders[2].pk, orders[0].pk]
    older = admin_client.get(f"/item/by_order/{usd_mug.pk}?before={orders[2].pk}").json()
    assert [found["id"] for found in older["orders"]] == [orders[0].pk]


def test_of_more_than_one_answer_holds_the_newest_come_first_and_the_others_when_they_are_asked_for(
    admin_client: Client, orders: list[Order], usd_mug: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "MAXIMUM_ORDERS", 2)
    pages, before = [], ""
    while found := admin_client.get(f"/item/by_order/{usd_mug.pk}{before}").json()["orders"]:
        pages.append([order["id"] for order in found])
        before = f"?before={pages[-1][-1]}"
    assert pages == [[orders[4].pk, orders[2].pk], [orders[0].pk]]


def test_however_many_there_are_the_queries_are_counted(
    admin_client: Client, orders: list[Order], usd_mug: Item, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(6):
        admin_client.get(f"/item/by_order/{usd_mug.pk}")


def test_what_is_not_there_is_not_found(admin_client: Client, db: None) -> None:
    assert [admin_client.get(path.format(order=9, item=9)).status_code for path in PATHS] == [404, 404]


@pytest.mark.parametrize("path", PATHS)
def test_a_program_is_refused_in_its_own_language(client: Client, admin_client: Client, path: str) -> None:
    address = path.format(order=9, item=9)
    for visitor, status, code in ((client, 403, "forbidden"), (admin_client, 404, "not_found")):
        answer = visitor.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("path", PATHS)
def test_anybody_else_is_refused_whether_there_is_one_or_not(
    client: Client, orders: list[Order], usd_mug: Item, django_user_model: Any, path: str
) -> None:
    def statuses() -> set[int]:
        there, absent = path.format(order=orders[0].pk, item=usd_mug.pk), path.format(order=999, item=999)
        return {client.get(there).status_code, client.get(absent).status_code, client.get(f"{there}/").status_code}

    assert statuses() == {403}
    customer = django_user_model.objects.create_user("customer")
    client.force_login(customer)
    assert statuses() == {403}
    customer.is_staff = True
    customer.save()
    assert statuses() == {403}
    customer.user_permissions.add(Permission.objects.get(codename="view_order"))
    assert statuses() == {200, 404}


def test_the_answers_are_not_kept(admin_client: Client, orders: list[Order]) -> None:
    assert "no-store" in admin_client.get(f"/order/{orders[0].pk}")["Cache-Control"]


def test_a_clerk_who_may_see_orders_sees_no_webhook_as_it_came_and_changes_nothing(
    client: Client, django_user_model: Any, orders: list[Order], send_event: Any
) -> None:
    send_event({"id": "cs_1", "customer_details": {"email": "shopper@example.com"}})
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(clerk)
    order, event = orders[0].pk, StripeEvent.objects.get().pk
    page = client.get(f"/admin/payments/order/{order}/change/").content.decode()
    assert f"Order {order}" in page
    assert 'name="_save"' not in page
    for path in ("stripeevent/", f"stripeevent/{event}/change/", "payment/", "refund/", "item/", "discount/"):
        assert client.get(f"/admin/payments/{path}").status_code == 403
    for path in (f"{order}/change/", f"{order}/send/", f"{order}/totals/", "add/", "totals/"):
        sent = client.post(f"/admin/payments/order/{path}", {"email": "thief@example.com"})
        assert sent.status_code == 403, path
