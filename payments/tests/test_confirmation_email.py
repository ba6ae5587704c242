"""Whoever has paid is told so by mail, once."""

import smtplib
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from payments import checkout, emails, fulfillment
from payments.models import Discount, Item, Order, OrderEmail, Payment
from payments.tests.shop_process import free_port
from payments.tests.test_settling import at_once

Pay = Callable[..., Any]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def mail_server_that_works(monkeypatch: Any) -> None:
    monkeypatch.setattr(emails, "breaker", emails.Breaker())


def bought(item: Item, pay: Pay) -> Payment:
    payment = checkout.open_session(
        order=Order.objects.for_item(item, quantity=2, visitor="somebody"), origin="http://testserver"
    )
    assert payment is not None
    pay(payment.url)
    return payment


def test_a_paid_order_is_confirmed_with_its_parts_and_its_link(usd_mug: Item, pay: Pay, settings: Any) -> None:
    settings.LINK_ORIGIN = "https://shop.example"
    fulfillment.settle(bought(usd_mug, pay))
    (message,) = mail.outbox
    assert message.to == ["shopper@example.com"]
    assert message.subject == f"Storefront: your order {Order.objects.get().pk}, USD\xa038.00"
    assert "2 × Stoneware Mug: USD\xa038.00" in message.body
    assert "Total: USD\xa038.00" in message.body
    assert f"https://shop.example/order/{Order.objects.get().uuid}" in message.body


def test_ten_who_settle_at_once_make_one_transition_and_one_mail(usd_mug: Item, pay: Pay) -> None:
    payment = bought(usd_mug, pay)
    assert at_once(10, lambda: fulfillment.settle(Payment.objects.get(pk=payment.pk))) == []
    assert Order.objects.get().is_paid
    assert len(mail.outbox) == 1
    assert OrderEmail.objects.get().sent_at


def test_with_the_mail_server_down_the_order_is_paid_and_the_mail_goes_out_later(
    usd_mug: Item, pay: Pay, settings: Any, monkeypatch: Any
) -> None:
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    fulfillment.settle(bought(usd_mug, pay))
    assert Order.objects.get().is_paid
    assert (OrderEmail.objects.get().sent_at, OrderEmail.objects.get().failures) == (None, 0)
    settings.EMAIL_BACKEND = backend
    assert emails.send_due() == 0
    monkeypatch.setattr(emails, "breaker", emails.Breaker())
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert "1 mails sent that had waited" in out.getvalue()
    call_command("reconcile", stdout=out)
    assert len(mail.outbox) == 1


def test_a_mail_that_a_process_had_in_hand_when_it_ended_is_sent_by_another(usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.note_email("shopper@example.com")
    order.mark_paid()
    assert OrderEmail.objects.get().claim()
    assert emails.send_due() == 0
    OrderEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    assert emails.send_due() == 1


def test_several_who_send_at_once_send_each_mail_once(usd_mug: Item) -> None:
    for number in range(12):
        order = Order.objects.for_item(usd_mug, quantity=1, visitor=str(number))
        order.note_email(f"shopper{number}@example.com")
        order.mark_paid()
    lock = threading.Lock()
    sent = []

    def send() -> None:
        count = emails.send_due()
        with lock:
            sent.append(count)

    assert at_once(4, send) == []
    assert (sum(sent), len({message.to[0] for message in mail.outbox}), len(mail.outbox)) == (12, 12, 12)


def test_a_free_order_is_confirmed_to_whom_staff_wrote(client: Client, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.note_email("shopper@example.com")
    order.give_discount(Discount.objects.create(name="All of it", percent=Decimal(100)))
    client.post(f"/order/{order.uuid}/checkout")
    assert [message.to for message in mail.outbox] == [["shopper@example.com"]]


def to_be_confirmed(item: Item, email: str) -> None:
    order = Order.objects.for_item(item, quantity=1, visitor=email)
    order.note_email(email)
    order.mark_paid()


def test_a_mail_server_that_is_down_for_hours_loses_no_mail(usd_mug: Item, settings: Any, monkeypatch: Any) -> None:
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    to_be_confirmed(usd_mug, "shopper@example.com")
    for _ in range(120):
        monkeypatch.setattr(emails, "breaker", emails.Breaker())
        assert emails.send_due() == 0
    settings.EMAIL_BACKEND = backend
    monkeypatch.setattr(emails, "breaker", emails.Breaker())
    assert emails.send_due() == 1


class MailServerThatHangsUp(EmailBackend):
    """At one mail, whatever is the matter with it."""

    def send_messages(self, messages: Any) -> int:
        if any(message.to == ["first@example.com"] for message in messages):
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        return super().send_messages(messages)


def test_a_mail_at_which_the_server_hangs_up_does_not_keep_the_others_waiting(
    usd_mug: Item, settings: Any, monkeypatch: Any
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.MailServerThatHangsUp"
    to_be_confirmed(usd_mug, "first@example.com")
    to_be_confirmed(usd_mug, "second@example.com")
    for _ in range(60):
        monkeypatch.setattr(emails, "breaker", emails.Breaker())
        emails.send_due()
    assert [message.to for message in mail.outbox] == [["second@example.com"]]
    assert OrderEmail.objects.due().get().order.email == "first@example.com"


class MailServerThatLooks(EmailBackend):
    """Refuses one address."""

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if message.to == ["nobody@example.com"]:
                raise smtplib.SMTPRecipientsRefused({"nobody@example.com": (550, b"No such user")})
        return super().send_messages(messages)


@pytest.mark.parametrize("email", ["nobody@example.com", "a@" + "ü" * 70 + ".example"])
def test_an_address_that_takes_no_mail_keeps_no_other_waiting(usd_mug: Item, settings: Any, email: str) -> None:
    """The second stands for those to which no mail can be written."""
    settings.EMAIL_BACKEND = f"{__name__}.MailServerThatLooks"
    for address in (email, "shopper@example.com"):
        to_be_confirmed(usd_mug, address)
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert "1 mails sent" in out.getvalue()
    assert [message.to for message in mail.outbox] == [["shopper@example.com"]]
    assert OrderEmail.objects.get(sent_at=None).failures == 1


# As a later release may have left it behind.
UNKNOWN_KIND = "voucher"


def test_a_mail_that_cannot_be_written_keeps_no_other_waiting_and_is_named(usd_mug: Item, caplog: Any) -> None:
    to_be_confirmed(usd_mug, "first@example.com")
    OrderEmail.objects.update(kind=UNKNOWN_KIND)
    to_be_confirmed(usd_mug, "second@example.com")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="Not everything could be looked at"):
        call_command("reconcile", stdout=out, stderr=err)
    assert [message.to for message in mail.outbox] == [["second@example.com"]]
    assert "1 mails sent" in out.getvalue()
    waiting = OrderEmail.objects.get(sent_at=None)
    assert f"not now: mail {waiting.pk} of order {waiting.order_id} (email_not_written)" in err.getvalue()
    assert waiting.failures == 1
    emails.send_due()
    # Whoever is mailed of errors is told once, and not each minute.
    told = [record.levelname for record in caplog.records if "cannot be written" in record.message]
    assert told == ["ERROR", "WARNING"]


def test_whoever_completes_an_order_is_shown_so_though_a_mail_of_it_cannot_be_written(
    client: Client, usd_mug: Item
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.give_discount(Discount.objects.create(name="All of it", percent=Decimal(100)))
    OrderEmail.objects.create(order=order, kind=UNKNOWN_KIND)
    page = client.post(f"/order/{order.uuid}/checkout", follow=True).content.decode()
    assert "Your order is complete" in page


@pytest.mark.parametrize("email", ["", "x@y.de\nBcc: z@y.de", "no address", "a@b\0", None])
def test_what_is_no_address_gets_no_mail(usd_mug: Item, stripe_server: Any, email: str | None) -> None:
    payment = checkout.open_session(
        order=Order.objects.for_item(usd_mug, quantity=1, visitor="somebody"), origin="http://testserver"
    )
    assert payment is not None
    paid = {"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
    stripe_server.changes = paid | {"customer_details": {"email": email}}
    fulfillment.settle(payment)
    assert Order.objects.get().is_paid
    assert mail.outbox == []
