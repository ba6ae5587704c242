"""The admin begins with what is left to do and what needs somebody; the guide asks the accounts when told to."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from payments import checkout
from payments.models import Item, Order, Payment, ReadEvents, StripeEvent
from payments.tests.stripe_server import StripeServer

START, GUIDE, EXAMINATION = "/admin/", "/admin/guide/", "/admin/guide/examination/"
Pay = Callable[..., Any]


def text(client: Client, address: str = START) -> str:
    return " ".join(client.get(address).content.decode().split())


@pytest.fixture
def clerk(client: Client, django_user_model: Any) -> Client:
    """Who sees orders, and nothing else."""
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(user)
    return client


@pytest.fixture
def all_done(settings: Any, usd_mug: Item) -> None:
    settings.STRIPE_SANDBOX = False
    settings.SHOP_NAME = "Mugs & More"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    Order.objects.for_item(usd_mug, quantity=1, visitor="somebody").mark_paid()
    ReadEvents.objects.create(account="pk", until=timezone.now() - timedelta(hours=1))
    for currency in ("usd", "eur", "jpy"):
        account = f"pk_test_sandbox_{currency}"
        StripeEvent.objects.create(account=account, event_id="evt_1", type="x", livemode=False, outcome="ignored")


def test_a_new_shop_says_what_is_left_to_do_with_links(admin_client: Client) -> None:
    page = text(admin_client)
    for words in ("Left to do", "stand-in for Stripe", "EMAIL_URL", "SHOP_NAME", "register_webhooks", "reconcile"):
        assert words in page
    assert '<a href="/admin/payments/item/add/">The first item</a>' in page


@pytest.mark.usefixtures("all_done")
def test_when_all_is_done_it_goes_away_and_can_be_reached(admin_client: Client) -> None:
    assert "Left to do" not in text(admin_client)
    assert f'href="{GUIDE}"' in text(admin_client)
    assert text(admin_client, GUIDE).count(">Done<") == 7


@pytest.mark.usefixtures("all_done")
def test_a_clock_that_stopped_is_left_to_do_again(admin_client: Client) -> None:
    ReadEvents.objects.update(until=timezone.now() - timedelta(hours=2))
    assert "reconcile --every 60" in text(admin_client)


def test_the_accounts_are_asked_on_the_button_only(admin_client: Client, stripe_server: StripeServer) -> None:
    text(admin_client), text(admin_client, GUIDE)
    assert stripe_server.requests == []
    assert admin_client.get(EXAMINATION).status_code == 405
    page = admin_client.post(EXAMINATION).content.decode()
    assert stripe_server.requests
    assert "secret key" in page
    assert "of the same account" in page


def test_no_key_is_shown(admin_client: Client) -> None:
    page = admin_client.post(EXAMINATION).content.decode()
    assert "USD (pk_test_" in page
    for secret in ("sk_test_sandbox_usd", "whsec_sandbox_usd", "pk_test_sandbox_usd"):
        assert secret not in page


def test_who_may_not_look_at_events_learns_nothing_of_the_setup(clerk: Client, stripe_server: StripeServer) -> None:
    assert "Left to do" not in text(clerk)
    assert GUIDE not in text(clerk)
    assert (clerk.get(GUIDE).status_code, clerk.post(EXAMINATION).status_code) == (403, 403)
    assert Client().get(GUIDE)["Location"].startswith("/admin/login/")
    assert stripe_server.requests == []


def test_what_needs_somebody_is_named_with_where_to_look(
    admin_client: Client, clerk: Client, usd_mug: Item, pay: Pay
) -> None:
    assert "Needs attention" not in text(admin_client)
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment
    pay(payment.url)
    Client().get(f"/order/{order.uuid}")
    Order.objects.update(dispute="open")
    Payment.objects.update(problem="Look at this")
    Item.objects.update(stock=0)
    StripeEvent.objects.create(
        account="pk", event_id="evt_2", type="refund.failed", livemode=False, payload="{}", failures=3, problem="broken"
    )
    page = text(admin_client)
    assert f'<a href="/admin/payments/order/{order.pk}/change/">Order {order.pk}</a></li>' in page
    assert "Look at this" in page
    assert "refund.failed: broken" in page
    assert "Sold out" in page
    seen = text(clerk)
    assert "Disputed orders" in seen
    for words in ("Look at this", "refund.failed", "Sold out"):
        assert words not in seen


def test_the_latest_orders_are_told_in_a_counted_number_of_queries(
    admin_client: Client, usd_mug: Item, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        Order.objects.for_item(usd_mug, quantity=1, visitor=str(number))
    with django_assert_max_num_queries(24):
        page = text(admin_client)
    assert page.count("Awaiting payment") == 8


@pytest.mark.parametrize(
    ("language", "rooms"),
    [
        ("en", ["The board", "Orders", "Items", "Payments"]),
        ("de", ["Übersicht", "Bestellungen", "Artikel", "Zahlungen"]),
    ],
)
def test_the_rooms_of_the_admin_stand_in_the_order_of_work_in_each_language(
    admin_client: Client, language: str, rooms: list[str]
) -> None:
    page = admin_client.get(START, headers={"accept-language": language}).content.decode()
    sections = page.partition('<nav class="sections"')[2].partition("</nav>")[0]
    assert re.findall(r"<a[^>]*>([^<]+)</a>", sections)[:4] == rooms


@pytest.mark.parametrize("address", ["/admin/payments/order/", "/admin/payments/item/"])
def test_beside_the_search_stands_how_many_it_found_and_nothing_where_nobody_searched(
    admin_client: Client, usd_mug: Item, address: str
) -> None:
    assert "Show all" not in admin_client.get(address).content.decode()
    assert "0 results" in admin_client.get(address, {"q": "nothing"}).content.decode()


def test_a_filter_is_headed_by_what_it_is_about_which_fits_into_any_language(
    admin_client: Client, usd_mug: Item
) -> None:
    page = admin_client.get("/admin/payments/item/", headers={"accept-language": "de"}).content.decode()
    assert "<summary> Im Verkauf</summary>" in page
