"""What goes into a parcel is printed: for orders that are paid, without prices."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from payments.models import Item, Order

LIST = "/admin/payments/order/"


@pytest.fixture
def orders(usd_mug: Item) -> list[Order]:
    """Two that are paid, and one that is not."""
    made = [Order.objects.for_item(usd_mug, quantity=number, visitor=str(number)) for number in (3, 7, 8)]
    for order in made[:2]:
        order.mark_paid()
    return made


def chosen(client: Client, orders: list[Order]) -> Any:
    ids = [str(order.pk) for order in orders]
    return client.post(LIST, {"action": "print_packing_slips", "_selected_action": ids}, follow=True)


def test_a_slip_says_what_to_pack_and_not_what_it_cost(admin_client: Client, orders: list[Order]) -> None:
    order_page = admin_client.get(f"{LIST}{orders[0].pk}/change/").content.decode()
    address = f"{LIST}packing-slips/?order={orders[0].pk}"
    assert f'href="{address}"' in order_page
    slip = admin_client.get(address).content.decode()
    for text in (f"Order {orders[0].pk}", "<td>3</td><td>Stoneware Mug</td>", "Ship to", "Storefront"):
        assert text in slip
    assert "USD" not in slip


def test_several_are_printed_at_once_and_what_is_not_paid_is_left_out_and_said(
    admin_client: Client, orders: list[Order]
) -> None:
    page = chosen(admin_client, orders).content.decode()
    assert page.count("<article") == 2
    assert f"Order {orders[2].pk} is not paid: nothing is to be sent." in page
    assert "<td>8</td>" not in page
    assert "packing-slips" not in admin_client.get(f"{LIST}{orders[2].pk}/change/").content.decode()


def test_what_went_back_is_to_be_looked_at_before_it_is_sent(admin_client: Client, orders: list[Order]) -> None:
    Order.objects.filter(pk=orders[0].pk).update(refunded="fully")
    assert f"Look at Order {orders[0].pk} before you send it: Refunded" in " ".join(
        chosen(admin_client, orders).content.decode().split()
    )


def test_however_many_slips_the_queries_are_counted(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    made = [Order.objects.for_item(usd_mug, quantity=1, visitor=str(number)) for number in range(30)]
    for order in made:
        order.mark_paid()
    query = "&".join(f"order={order.pk}" for order in made)
    with django_assert_max_num_queries(5):
        page = admin_client.get(f"{LIST}packing-slips/?{query}").content.decode()
    assert page.count("<article") == 30


@pytest.mark.parametrize("query", ["", "?order=", "?order=x", "?order=999", "?order=-1", "?order=" + "9" * 40])
def test_a_page_that_asks_for_nothing_says_what_to_do(admin_client: Client, query: str) -> None:
    assert "Choose orders in the list of orders" in admin_client.get(f"{LIST}packing-slips/{query}").content.decode()


def test_only_who_may_see_orders_prints_them(client: Client, django_user_model: Any, orders: list[Order]) -> None:
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    address = f"{LIST}packing-slips/?order={orders[0].pk}"
    assert client.get(address).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    assert client.get(address).status_code == 200
