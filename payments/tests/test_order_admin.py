"""A clerk looks up orders and payments, and can change none of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from payments.models import Item, Order, Payment, StripeEvent


@pytest.fixture
def paid(client: Client, usd_mug: Item, pay: Callable[..., Any]) -> Order:
    bought = client.get(f"/buy/{usd_mug.pk}?quantity=2").json()
    pay(bought["url"])
    order = Order.objects.get()
    client.get(f"/order/{order.uuid}")
    StripeEvent.objects.create(account="pk", event_id="evt_1", type="x", livemode=False)
    return order


@pytest.fixture
def pages(paid: Order) -> list[str]:
    ids = {"order": paid.pk, "payment": Payment.objects.get().pk, "stripeevent": StripeEvent.objects.get().pk}
    lists = [f"/admin/payments/{name}/" for name in ids]
    return lists + [f"/admin/payments/{name}/{pk}/change/" for name, pk in ids.items()]


def test_every_page_opens(admin_client: Client, pages: list[str]) -> None:
    assert [admin_client.get(page).status_code for page in pages] == [200] * 6


def test_orders_show_state_and_total_in_their_currency(admin_client: Client, paid: Order) -> None:
    page = admin_client.get("/admin/payments/order/").content.decode()
    assert "USD\xa038.00" in page
    assert ">Paid<" in page
    assert "2 × Stoneware Mug" in page
    detail = admin_client.get(f"/admin/payments/order/{paid.pk}/change/").content.decode()
    assert f'href="/order/{paid.uuid}"' in detail
    assert "Stoneware Mug" in detail


def test_nothing_about_a_paid_order_can_be_added_changed_or_deleted(admin_client: Client, pages: list[str]) -> None:
    for page in pages[1:3]:
        assert admin_client.get(f"{page}add/").status_code == 403
    for page in pages[3:]:
        assert admin_client.post(page, {"status": "pending", "amount": "1"}).status_code == 403
        assert admin_client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
        assert 'name="_save"' not in admin_client.get(page).content.decode()
    assert Order.objects.get().is_paid


@pytest.mark.parametrize(
    ("livemode", "intent", "address"),
    [
        (False, "pi_1", "https://dashboard.stripe.com/test/payments/pi_1"),
        (True, "pi_1", "https://dashboard.stripe.com/payments/pi_1"),
        (True, "", "https://dashboard.stripe.com/checkout/sessions/cs_1"),
    ],
)
def test_a_payment_links_to_itself_in_the_dashboard_of_its_mode(
    admin_client: Client, paid: Order, livemode: bool, intent: str, address: str
) -> None:
    real = {"publishable_key": "pk_real", "checkout_session_id": "cs_1", "payment_intent_id": intent}
    Payment.objects.update(livemode=livemode, **real)
    for page in ("/admin/payments/payment/", f"/admin/payments/order/{paid.pk}/change/"):
        assert f'href="{address}"' in admin_client.get(page).content.decode()


def test_a_payment_of_the_stand_in_links_to_its_page_there(admin_client: Client, paid: Order) -> None:
    page = f"/sandbox/payments/{Payment.objects.get().payment_intent_id}"
    assert f'href="{page}"' in admin_client.get("/admin/payments/payment/").content.decode()
    assert admin_client.get(page).status_code == 200
    Payment.objects.update(payment_intent_id="")
    url = Payment.objects.get().url
    assert f'href="{url}"' in admin_client.get("/admin/payments/payment/").content.decode()


def test_a_payment_that_never_reached_stripe_has_no_link(admin_client: Client, paid: Order) -> None:
    Payment.objects.update(status="failed", checkout_session_id="", payment_intent_id="")
    assert "dashboard.stripe.com" not in admin_client.get("/admin/payments/payment/").content.decode()


def test_an_order_is_found_by_number_item_and_stripes_id(admin_client: Client, paid: Order) -> None:
    payment = Payment.objects.get()
    for text in (
        str(paid.pk),
        str(paid.uuid),
        "stoneware",
        payment.checkout_session_id,
        payment.payment_intent_id,
    ):
        assert admin_client.get("/admin/payments/order/", {"q": text}).context["cl"].result_count == 1
    for text in ("teapot", payment.checkout_session_id[8:12], str(paid.pk + 1)):
        assert admin_client.get("/admin/payments/order/", {"q": text}).context["cl"].result_count == 0


def test_a_list_of_many_orders_costs_as_many_queries_as_one_of_few(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        Order.objects.for_item(usd_mug, quantity=1, visitor=str(number))
    with django_assert_max_num_queries(10):
        admin_client.get("/admin/payments/order/")
