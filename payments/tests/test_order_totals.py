"""Staff sees what an order comes to while composing it, before anything is saved."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from djmoney.money import Money

from payments.models import Discount, Item, Order, Tax
from payments.tests.test_order_composing import form

TOTALS = "/admin/payments/order/totals/"


@pytest.fixture
def ten_percent(db: None) -> Discount:
    return Discount.objects.create(name="Ten percent off", percent=Decimal(10))


@pytest.fixture
def vat(db: None) -> Tax:
    return Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)


def ask(
    client: Client,
    *lines: tuple[Item, str],
    order: Order | None = None,
    extra: dict[str, str] | None = None,
    **values: Any,
) -> Any:
    address = f"/admin/payments/order/{order.pk}/totals/" if order else TOTALS
    totals = client.post(address, form(*lines, order=order, **values) | (extra or {})).json()
    return totals | {"parts": [part.replace("\xa0", " ") for part in totals["parts"]]}


def test_every_part_of_the_price_is_shown(admin_client: Client, usd_mug: Item, ten_percent: Discount, vat: Tax) -> None:
    totals = ask(admin_client, (usd_mug, "3"), discount=str(ten_percent.pk), taxes=[str(vat.pk)])
    assert totals["parts"] == [
        "Subtotal USD 57.00",
        "Ten percent off −USD 5.70",
        "VAT 20% USD 10.26",
        "Total USD 61.56",
    ]
    assert totals["rows"] == {"lines-0": {"unit_price": "USD\xa019.00", "sum": "USD\xa057.00"}}
    assert totals["problem"] == ""
    assert not Order.objects.exists()


def test_what_is_shown_is_what_is_saved(admin_client: Client, usd_mug: Item, ten_percent: Discount, vat: Tax) -> None:
    sent = form((usd_mug, "3"), discount=str(ten_percent.pk), taxes=[str(vat.pk)])
    shown = admin_client.post(TOTALS, sent).json()["parts"]
    page = admin_client.post("/admin/payments/order/add/", sent, follow=True).content.decode()
    assert " · ".join(shown) in page


def test_the_taxes_of_the_orders_currency_are_shown_as_soon_as_it_is_known(admin_client: Client, usd_mug: Item) -> None:
    Tax.objects.create(
        display_name="Dollar tax", currencies="USD", percentage=Decimal(5), inclusive=False, automatic=True
    )
    parts = ask(admin_client, (usd_mug, "2"))["parts"]
    assert parts == ["Subtotal USD 38.00", "Dollar tax 5% USD 1.90", "Total USD 39.90"]


def test_a_line_that_is_there_keeps_its_price_and_a_new_one_has_the_present_one(
    admin_client: Client, usd_mug: Item
) -> None:
    admin_client.post("/admin/payments/order/add/", form((usd_mug, "1")))
    Item.objects.update(price=Money(25, "USD"))
    order = Order.objects.get()
    totals = ask(admin_client, (usd_mug, "2"), (usd_mug, "1"), order=order)
    assert totals["parts"] == ["Subtotal USD 63.00", "Total USD 63.00"]


def test_a_line_to_be_removed_does_not_count(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    totals = ask(admin_client, (usd_mug, "2"), (eur_mug, "1"), extra={"lines-1-DELETE": "on"})
    assert totals["parts"] == ["Subtotal USD 38.00", "Total USD 38.00"]


def test_more_lines_than_an_order_can_have_are_told(admin_client: Client, usd_mug: Item) -> None:
    lines = [(usd_mug, "1")] * 101
    assert "One order has at most 100 lines" in ask(admin_client, *lines)["problem"]
    assert ask(admin_client, *lines, extra={"lines-7-DELETE": "on"})["parts"][-1] == "Total USD 1,900.00"


def test_two_currencies_have_no_total(admin_client: Client, usd_mug: Item, eur_mug: Item) -> None:
    totals = ask(admin_client, (usd_mug, "2"), (eur_mug, "1"))
    assert totals["parts"] == []
    assert "these items are in EUR and USD: make an order for each" in totals["problem"]


@pytest.mark.parametrize("quantity", ["", "0", "1000", "many", "9" * 40])
def test_a_quantity_that_cannot_be_is_told(admin_client: Client, usd_mug: Item, quantity: str) -> None:
    assert "a quantity from 1 to 999" in ask(admin_client, (usd_mug, quantity))["problem"]


def test_a_discount_that_is_not_given_is_told_and_not_taken_off(admin_client: Client, usd_mug: Item) -> None:
    euros = Discount.objects.create(name="In euros")
    euros.amounts.create(off=Money(3, "EUR"))
    used_up = Discount.objects.create(name="Once", percent=Decimal(10), maximum_uses=0)
    for discount, reason in ((euros, "takes off no amount in USD"), (used_up, "has been used as often")):
        totals = ask(admin_client, (usd_mug, "1"), discount=str(discount.pk))
        assert reason in totals["problem"]
        assert totals["parts"] == ["Subtotal USD 19.00", "Total USD 19.00"]


def test_an_amount_that_stripe_does_not_take_is_told(admin_client: Client, usd_mug: Item) -> None:
    Item.objects.update(price=Money("0.20", "USD"))
    assert "The least that can be charged is USD\xa00.50" in ask(admin_client, (usd_mug, "1"))["problem"]


def test_a_long_order_costs_as_many_queries_as_a_short_one(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    sent = form(*[(usd_mug, "1")] * 100)
    with django_assert_max_num_queries(6):
        totals = admin_client.post(TOTALS, sent).json()
    assert totals["parts"][-1] == "Total USD\xa01,900.00"


def test_only_who_may_make_orders_is_answered(client: Client, usd_mug: Item) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.post(TOTALS, form((usd_mug, "1"))).status_code == 403
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["add_order", "add_orderline"]))
    assert client.post(TOTALS, form((usd_mug, "1"))).status_code == 200
    assert client.get(TOTALS).status_code == 405


def test_nonsense_is_answered_in_words(admin_client: Client) -> None:
    for sent in (
        {},
        {"lines-TOTAL_FORMS": "x"},
        {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-item": "9" * 30},
    ):
        response = admin_client.post(TOTALS, sent)
        assert response.status_code == 200
        assert response.json()["parts"] == []
