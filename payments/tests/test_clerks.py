"""Clerks with few permissions: what they may not do does nothing, and what they did ends on a page they may see."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from payments.models import Item, Order, Payment, Refund, Upload
from payments.tests.test_item_import import IMPORT, csv_file, mug, send
from payments.tests.test_order_composing import ADD, form
from payments.tests.test_refund_admin import Buy, address_of, buy, confirm, payment  # noqa: F401

Clerk = Callable[..., Client]


@pytest.fixture
def clerk(db: None) -> Clerk:
    """Signed in, with these permissions."""

    def signed_in(*permissions: str) -> Client:
        user = User.objects.create_user("clerk", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def test_who_may_add_no_lines_composes_no_order(clerk: Clerk, usd_mug: Item) -> None:
    client = clerk("view_order", "add_order", "change_order")
    assert client.post(ADD, form((usd_mug, "1"))).status_code == 403
    assert not Order.objects.exists()
    assert ADD not in client.get("/admin/").content.decode()


def test_who_composes_orders_and_sees_none_is_told_that_it_was_made(clerk: Clerk, usd_mug: Item) -> None:
    made = clerk("add_order", "add_orderline").post(ADD, form((usd_mug, "1")), follow=True)
    assert made.status_code == 200
    assert "was added successfully" in made.content.decode()
    assert Order.objects.get().currency == "USD"


@pytest.mark.parametrize(
    ("permissions", "ends_at"),
    [
        (["view_order", "view_payment"], "/admin/payments/payment/{payment}/change/"),
        (["view_order"], "/admin/payments/order/{order}/change/"),
        ([], "/admin/"),
    ],
)
def test_who_has_refunded_is_told_so_on_a_page_that_they_may_see(
    clerk: Clerk,
    payment: Payment,  # noqa: F811
    permissions: list[str],
    ends_at: str,
) -> None:
    done: Any = confirm(clerk("refund_payment", *permissions), payment)
    assert done.redirect_chain[-1][0] == ends_at.format(payment=payment.pk, order=payment.order_id)
    assert "USD\xa07.00 was refunded" in done.content.decode()
    assert Refund.objects.get().amount == 700


def test_who_sees_no_items_imports_none(clerk: Clerk) -> None:
    client = clerk("add_item")
    assert client.get(IMPORT).status_code == 403
    assert send(client, csv_file([["name", "price", "currency"], mug()[1:4]])).status_code == 403
    assert not Upload.objects.exists()
