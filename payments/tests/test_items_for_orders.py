"""The lines of an order offer what can be sold, looked up as staff types; who the order is for is noted with it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from djmoney.money import Money

from payments.models import Item, Order
from payments.tests.test_order_composing import ADD, change_page, form

LOOK_UP = "/admin/payments/order/items/"


def offered(client: Client, **query: str) -> list[str]:
    return [found["text"] for found in client.get(LOOK_UP, query).json()["results"]]


def pot(**values: Any) -> Item:
    item: Item = Item.objects.create(**{"name": "Teapot", "price": Money(40, "USD")} | values)
    return item


def test_only_what_can_be_sold_is_found(admin_client: Client, usd_mug: Item, gbp_mug: Item) -> None:
    pot(), pot(name="Old pot", on_sale=False), pot(name="Gone pot", stock=0), pot(name="Last pot", stock=1)
    assert offered(admin_client, term="POT") == ["Last pot, USD\xa040.00", "Teapot, USD\xa040.00"]
    assert offered(admin_client, term="stoneware") == ["Stoneware Mug, USD\xa019.00"]
    assert offered(admin_client, term="kettle") == []


def test_the_item_of_exactly_this_name_is_offered_before_newer_ones_that_have_more_to_their_name(
    admin_client: Client,
) -> None:
    pot(name="Pot 3"), pot(name="Pot 13"), pot(name="Pot 30")
    assert offered(admin_client, term="pot 3 ")[0].startswith("Pot 3,")


def test_the_item_of_exactly_this_name_comes_first_however_many_newer_ones_there_are(admin_client: Client) -> None:
    pot(name="Pot")
    Item.objects.bulk_create(Item(name=f"Pot {number}", price=Money(5, "USD")) for number in range(25))
    first, *others = offered(admin_client, term="pot")
    assert first.startswith("Pot,")
    assert not any(other.startswith("Pot,") for other in others)


def test_very_many_are_offered_page_by_page(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    Item.objects.bulk_create(Item(name=f"Pot {number}", price=Money(5, "USD")) for number in range(45))
    with django_assert_max_num_queries(4):
        first = admin_client.get(LOOK_UP, {"term": "pot"}).json()
    assert (len(first["results"]), first["pagination"]["more"]) == (20, True)
    last = admin_client.get(LOOK_UP, {"term": "pot", "page": "3"}).json()
    assert (len(last["results"]), last["pagination"]["more"]) == (5, False)
    assert len(offered(admin_client, term="pot", page="x")) == 20


def test_what_is_not_listed_on_the_page_can_be_chosen_and_stays_chosen(admin_client: Client, usd_mug: Item) -> None:
    Item.objects.bulk_create(Item(name=f"Pot {number}", price=Money(5, "USD")) for number in range(45))
    assert "Stoneware" not in admin_client.get(ADD).content.decode()
    again = admin_client.post(ADD, form((usd_mug, "0"))).content.decode()
    assert "selected>Stoneware Mug, USD\xa019.00" in again
    assert admin_client.post(ADD, form((usd_mug, "1"))).status_code == 302
    assert "selected>Stoneware Mug, USD\xa019.00" in admin_client.get(change_page(Order.objects.get())).content.decode()


@pytest.mark.parametrize("value", ["999", "x", "-1", "9" * 30])
def test_what_is_no_item_or_cannot_be_sold_is_refused(admin_client: Client, usd_mug: Item, value: str) -> None:
    sent = form((usd_mug, "1")) | {"lines-0-item": value}
    assert admin_client.post(ADD, sent).status_code == 200
    Item.objects.update(on_sale=False)
    assert admin_client.post(ADD, form((usd_mug, "1"))).status_code == 200
    assert not Order.objects.exists()


def test_a_hundred_lines_are_saved_at_once(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(40):
        assert admin_client.post(ADD, form(*[(usd_mug, "1")] * 100)).status_code == 302
    assert Order.objects.get().lines.count() == 100


def test_only_who_composes_orders_looks_items_up(client: Client, django_user_model: Any, usd_mug: Item) -> None:
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(clerk)
    assert client.get(LOOK_UP).status_code == 403
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["add_order", "add_orderline"]))
    assert client.get(LOOK_UP).status_code == 200


def test_the_shoppers_address_and_language_are_noted_and_changed(
    admin_client: Client, usd_mug: Item, settings: Any
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    admin_client.post(ADD, form((usd_mug, "1"), email="ann@example.com", language="de"))
    order = Order.objects.get()
    assert (order.email, order.language) == ("ann@example.com", "de")
    given = form((usd_mug, "1"), order=order, email="bob@example.com", language="en")
    assert admin_client.post(change_page(order), given).status_code == 302
    order.refresh_from_db()
    assert (order.email, order.language) == ("bob@example.com", "en")
    order.mark_paid()
    assert "bob@example.com" in admin_client.get(change_page(order)).content.decode()


def test_a_language_that_is_offered_no_more_stays_until_another_is_chosen(admin_client: Client, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    Order.objects.update(language="fr")
    assert '<option value="fr" selected>' in admin_client.get(change_page(order)).content.decode()
    admin_client.post(change_page(order), form((usd_mug, "2"), order=order, language="fr"))
    assert Order.objects.get().language == "fr"


@pytest.mark.parametrize("email", ["nobody", "a@b", "x@example.com\nBcc: y@z.de"])
def test_what_is_no_address_is_refused(admin_client: Client, usd_mug: Item, email: str) -> None:
    assert admin_client.post(ADD, form((usd_mug, "1"), email=email)).status_code == 200
    assert not Order.objects.exists()


def test_a_link_sent_while_the_shopper_pays_leaves_the_order_paid(
    admin_client: Client, usd_mug: Item, monkeypatch: Any
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    statements: list[str] = []
    from django.db import connection

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        admin_client.post(f"/admin/payments/order/{order.pk}/send/", {"email": "ann@example.com"})
    (update,) = [sql for sql in statements if sql.startswith('UPDATE "payments_order"')]
    assert '"status"' not in update
