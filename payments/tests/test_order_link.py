"""Staff sends a shopper the link of an order."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client

from payments import checkout
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.models import Item, Order
from payments.tests.shop_process import free_port


@pytest.fixture
def order(usd_mug: Item) -> Order:
    return Order.objects.for_item(usd_mug, quantity=2, visitor="somebody")


def send(client: Client, order: Order, email: str = "shopper@example.com") -> str:
    response = client.post(f"/admin/payments/order/{order.pk}/send/", {"email": email}, follow=True)
    return str(response.content.decode())


def test_the_shopper_gets_the_link_with_what_is_bought_and_the_total(admin_client: Client, order: Order) -> None:
    assert "The link was sent to shopper@example.com" in send(admin_client, order)
    (message,) = mail.outbox
    assert message.to == ["shopper@example.com"]
    assert f"http://testserver/order/{order.uuid}" in message.body
    assert "2 × Stoneware Mug" in message.body
    assert "pay it" in message.body
    assert "USD\xa038.00" in message.subject


def test_it_is_sent_again_and_the_address_is_kept(admin_client: Client, order: Order) -> None:
    send(admin_client, order)
    page = send(admin_client, order, "other@example.com")
    assert [message.to for message in mail.outbox] == [["shopper@example.com"], ["other@example.com"]]
    assert 'value="other@example.com"' in page
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("id")] == [
        "Added mail with the payment link “shopper@example.com”.",
        "Added mail with the payment link “other@example.com”.",
    ]


def test_a_paid_order_is_sent_without_being_asked_to_pay(admin_client: Client, order: Order) -> None:
    order.mark_paid()
    send(admin_client, order)
    assert "pay" not in mail.outbox[0].body


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "two@example.com, three@example.com", "x@example.com\nBcc: y@z.de"]
)
def test_what_is_no_address_is_refused_and_nothing_is_sent(admin_client: Client, order: Order, email: str) -> None:
    assert "type an e-mail address" in send(admin_client, order, email)
    assert mail.outbox == []
    assert Order.objects.get().email == ""


def test_a_mail_server_that_is_down_is_said(admin_client: Client, order: Order, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    page = send(admin_client, order)
    assert "The link was not sent. The mail server did not take the mail." in page
    assert not LogEntry.objects.exists()


def test_where_no_mail_server_is_set_up_it_is_said_that_the_mail_was_printed(
    admin_client: Client, order: Order
) -> None:
    assert "No mail server is set up (EMAIL_URL)" in send(admin_client, order)


def test_only_who_may_change_orders_sends_links(client: Client, order: Order) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(clerk)
    address = f"/admin/payments/order/{order.pk}/send/"
    assert client.post(address, {"email": "shopper@example.com"}).status_code == 403
    assert "Send the link" not in client.get(f"/admin/payments/order/{order.pk}/change/").content.decode()
    assert mail.outbox == []


def test_it_is_sent_by_a_form_and_never_by_a_link(admin_client: Client, order: Order) -> None:
    assert admin_client.get(f"/admin/payments/order/{order.pk}/send/").status_code == 405


def test_stripes_page_begins_with_the_address(admin_client: Client, order: Order, pay: Callable[..., Any]) -> None:
    send(admin_client, order)
    payment = checkout.open_session(order=Order.objects.get(), origin="http://testserver")
    assert payment is not None
    with_address = client_for(keypair_for("USD")).v1.checkout.sessions.retrieve(payment.checkout_session_id)
    assert with_address.customer_email == "shopper@example.com"
