"""What the shop writes to a shopper: in both parts, in their language, once, also through a real mail server."""

import email
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments import checkout, emails, fulfillment, refunds
from payments.models import Discount, Item, NewOrder, Order, OrderEmail, Payment, Refund, Tax
from payments.sandbox import clock
from payments.tests.sandbox_client import stripe_of
from payments.tests.shop_process import free_port

Pay = Callable[..., Any]
Carry = Callable[[], list[int]]
GiveBack = Callable[..., Refund]
SLOW, FAILS = "4000 0000 0000 7726", "4000 0000 0000 5126"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def mail_server_that_works(monkeypatch: Any) -> None:
    trust_the_mail_server_again(monkeypatch)


def trust_the_mail_server_again(monkeypatch: Any) -> None:
    monkeypatch.setattr(emails, "breaker", emails.Breaker())


class MailServer(Message):
    """A real one, that keeps what it is given."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.taken: list[EmailMessage] = []
        self.port = port
        self.controller: Controller | None = None

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def prepare_message(self, session: Any, envelope: Any) -> Any:
        return email.message_from_bytes(envelope.content, policy=default)

    def handle_message(self, message: Any) -> None:
        self.taken.append(message)


@pytest.fixture
def smtp(settings: Any) -> Iterator[MailServer]:
    """Not started yet."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    server = MailServer(settings.EMAIL_PORT)
    yield server
    if server.controller:
        server.controller.stop()


def an_order(item: Item, language: str = "", quantity: int = 2) -> Order:
    order: Order = Order.objects.for_item(item, quantity=quantity, visitor="somebody")
    Order.objects.filter(pk=order.pk).update(email="shopper@example.com", language=language)
    order.refresh_from_db()
    return order


def a_paid_order(item: Item, language: str = "") -> Order:
    order = an_order(item, language)
    order.mark_paid()
    return order


@pytest.fixture
def paid(pay: Pay) -> Callable[..., Payment]:
    """Pays for two of the item; the mail about that is put aside."""

    def pay_for(item: Item, number: str = "4242 4242 4242 4242") -> Payment:
        payment = checkout.open_session(order=an_order(item), origin="http://testserver")
        assert payment is not None
        pay(payment.url, number)
        fulfillment.settle(payment)
        mail.outbox.clear()
        return payment

    return pay_for


@pytest.fixture
def give_back() -> GiveBack:
    clerk = User.objects.create_user("clerk")

    def refund(payment: Payment, amount: int = 3800) -> Refund:
        return refunds.refund(payment=payment, amount=amount, reason="requested_by_customer", note="", by=clerk)

    return refund


def text_and_html(message: Any) -> tuple[str, str]:
    ((html, mimetype),) = message.alternatives
    assert mimetype == "text/html"
    return message.body, html


def send_one() -> Any:
    assert emails.send_due() == 1
    return mail.outbox[-1]


# --- What it says -------------------------------------------------------------------------------------------------


def test_both_parts_have_lines_discount_taxes_total_and_the_link(usd_mug: Item, settings: Any) -> None:
    settings.LINK_ORIGIN = "https://shop.example"
    order = an_order(usd_mug)
    order.give_discount(Discount.objects.create(name="Spring", percent=Decimal(10)))
    order.put_taxes([Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=False)])
    order.mark_paid()
    for part in text_and_html(send_one()):
        for words in ("Stoneware Mug", "USD\xa038.00", "Spring", "−USD\xa03.80", "VAT", "USD\xa06.84", "USD\xa041.04"):
            assert words in part
        assert f"https://shop.example/order/{order.uuid}" in part
        assert "UTC" in part


def test_neither_part_says_the_total_a_second_time_as_a_subtotal(usd_mug: Item) -> None:
    order = an_order(usd_mug)
    order.put_taxes([Tax.objects.create(display_name="VAT", percentage=Decimal(20), inclusive=True)])
    order.mark_paid()
    for part in text_and_html(send_one()):
        assert "VAT 20% included" in part
        assert "Subtotal" not in part


@pytest.mark.parametrize(
    ("language", "total"),
    [("en", "USD\xa038.00"), ("de", "38,00\xa0USD"), ("ru", "38,00\xa0USD"), ("", "USD\xa038.00")],
)
def test_it_is_written_in_the_language_of_the_order(usd_mug: Item, language: str, total: str) -> None:
    a_paid_order(usd_mug, language)
    message = send_one()
    text, html = text_and_html(message)
    assert f'<html lang="{language or "en"}" dir="ltr">' in html
    assert all(total in part for part in (text, html, message.subject))


def test_whoever_sends_it_the_language_is_the_shoppers(usd_mug: Item, settings: Any) -> None:
    """As when staff with a page in German settles an order, or a webhook does."""
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    order = an_order(usd_mug, "en")
    Client().get(f"/order/{order.uuid}", headers={"Accept-Language": "de"})
    order.refresh_from_db()
    order.mark_paid()
    assert "USD\xa038.00" in send_one().subject


def test_a_language_that_is_read_from_the_right_is_written_so(usd_mug: Item) -> None:
    a_paid_order(usd_mug, "ar")
    assert '<html lang="ar" dir="rtl">' in text_and_html(send_one())[1]


def test_names_are_text_and_no_markup_and_no_other_line(usd_mug: Item) -> None:
    usd_mug.name = 'Mug <img src="https://evil.example">\r\nTotal: USD 0.01'
    usd_mug.save()
    a_paid_order(usd_mug)
    text, html = text_and_html(send_one())
    assert "<img" in text
    assert "\nTotal: USD 0.01" not in text
    assert "<img" not in html
    assert "&lt;img" in html


def test_nothing_is_fetched_from_anywhere_when_it_is_read(usd_mug: Item) -> None:
    usd_mug.picture = "https://pictures.example/mug.jpg"
    usd_mug.save()
    a_paid_order(usd_mug)
    html = text_and_html(send_one())[1]
    assert not [part for part in ("<img", "<link", "<script", "url(", "@import", "src=") if part in html]


def test_the_shops_name_adds_no_header(usd_mug: Item, settings: Any) -> None:
    settings.SHOP_NAME = "Mugs & More\nBcc: victim@example.com"
    a_paid_order(usd_mug)
    message = send_one()
    assert message.subject.startswith("Mugs & More Bcc: victim@example.com: your order")
    assert message.message()["Bcc"] is None
    assert "Mugs &amp; More" in text_and_html(message)[1]


def test_the_orders_of_one_cart_know_of_each_other(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    offers = [NewOrder(item.currency, ((item, 1),), ()) for item in (usd_mug, eur_mug)]
    order, other = Order.objects.for_purchase(offers, purchase_key="x" * 64)
    Order.objects.update(email="shopper@example.com")
    Order.objects.get(pk=order.pk).mark_paid()
    for part in text_and_html(send_one()):
        assert "This mail is about the one in USD." in part
        assert f"/order/{other.uuid}" in part
        assert "EUR\xa017.50" in part
        assert "Awaiting payment" in part


def test_an_order_alone_speaks_of_no_other(usd_mug: Item) -> None:
    a_paid_order(usd_mug)
    assert not any("Your cart became" in part for part in text_and_html(send_one()))


def test_a_free_order_is_complete_and_not_paid(usd_mug: Item) -> None:
    order = an_order(usd_mug)
    order.give_discount(Discount.objects.create(name="A gift", percent=Decimal(100)))
    order.complete_for_free()
    for part in text_and_html(send_one()):
        assert "and there was nothing to pay." in part
        assert "It was paid" not in part


def test_answers_go_where_the_shop_wants_them(usd_mug: Item, settings: Any) -> None:
    settings.REPLY_TO = ["help@shop.example"]
    a_paid_order(usd_mug)
    assert send_one().reply_to == ["help@shop.example"]


# --- Money that went back -----------------------------------------------------------------------------------------


def kinds() -> list[str]:
    return list(OrderEmail.objects.exclude(kind="confirmation").order_by("id").values_list("kind", flat=True))


def test_a_refund_is_told_once_with_its_amount(
    paid: Callable[..., Payment], give_back: GiveBack, eur_mug: Item
) -> None:
    payment = paid(eur_mug)
    Order.objects.update(language="de")
    give_back(payment, 1050)
    (message,) = mail.outbox
    assert message.to == ["shopper@example.com"]
    assert message.subject == f"Storefront: Erstattung über 10,50\xa0EUR zur Bestellung {payment.order_id}"
    assert all("10,50\xa0EUR" in part for part in text_and_html(message))
    refunds.settle(payment)
    call_command("reconcile")
    assert len(mail.outbox) == 1
    give_back(payment, 500)
    assert len(mail.outbox) == 2


def test_a_refund_made_in_stripes_dashboard_is_told_by_its_webhook(
    paid: Callable[..., Payment], usd_mug: Item, carry_webhooks: Carry
) -> None:
    payment = paid(usd_mug)
    stripe_of("USD").v1.refunds.create({"payment_intent": payment.payment_intent_id, "amount": 900})
    assert mail.outbox == []
    assert set(carry_webhooks()) == {200}
    assert [message.subject for message in mail.outbox] == [
        f"Storefront: refund of USD\xa09.00 for order {payment.order_id}"
    ]


def test_a_refund_on_its_way_is_told_when_it_has_arrived(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item, monkeypatch: Any
) -> None:
    payment = paid(usd_mug, SLOW)
    assert give_back(payment).status == "pending"
    assert mail.outbox == []
    turn_the_clock_forward(monkeypatch)
    call_command("reconcile")
    assert len(mail.outbox) == 1


def turn_the_clock_forward(monkeypatch: Any) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 11)


def test_a_refund_that_fails_after_it_was_told_is_told_to_have_failed(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item, monkeypatch: Any
) -> None:
    payment = paid(usd_mug, FAILS)
    assert give_back(payment).status == "succeeded"
    turn_the_clock_forward(monkeypatch)
    refunds.settle(payment)
    assert [message.subject for message in mail.outbox] == [
        f"Storefront: refund of USD\xa038.00 for order {payment.order_id}",
        f"Storefront: the refund of USD\xa038.00 for order {payment.order_id} did not go through",
    ]


def test_a_refund_that_fails_before_it_could_be_told_is_not_spoken_of(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item, smtp: MailServer, monkeypatch: Any
) -> None:
    OrderEmail.objects.all().delete()
    payment = paid(usd_mug, FAILS)
    OrderEmail.objects.all().delete()
    give_back(payment)
    assert kinds() == ["refund"]
    turn_the_clock_forward(monkeypatch)
    refunds.settle(payment)
    assert kinds() == []


def test_a_refund_that_fails_while_its_mail_may_be_on_its_way_is_told_to_have_failed(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item, smtp: MailServer, monkeypatch: Any
) -> None:
    """The mail that says it had succeeded is not sent a second time."""
    payment = paid(usd_mug, FAILS)
    OrderEmail.objects.all().delete()
    give_back(payment)
    OrderEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    turn_the_clock_forward(monkeypatch)
    refunds.settle(payment)
    smtp.start()
    trust_the_mail_server_again(monkeypatch)
    assert emails.send_due() == 1
    assert "did not go through" in smtp.taken[0]["Subject"]
    assert kinds() == ["refund_failed"]


def test_refunds_of_the_time_before_are_not_told(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item, monkeypatch: Any
) -> None:
    """One is known to the shop, and one was made long ago and is heard of only now."""
    payment = paid(usd_mug)
    give_back(payment, 900)
    OrderEmail.objects.all().delete()
    mail.outbox.clear()
    weeks_ago = clock.now() - 15 * 24 * 3600
    with monkeypatch.context() as past:
        past.setattr(clock, "now", lambda: weeks_ago)
        stripe_of("USD").v1.refunds.create({"payment_intent": payment.payment_intent_id, "amount": 500})
    assert len(refunds.settle(payment)) == 1
    assert (emails.send_due(), mail.outbox, Refund.objects.count()) == (0, [], 2)


def test_who_gave_no_address_is_told_nothing(paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item) -> None:
    payment = paid(usd_mug)
    Order.objects.update(email="")
    give_back(payment)
    assert (mail.outbox, kinds()) == ([], [])


def test_what_was_paid_twice_is_said_with_its_refund(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item
) -> None:
    payment = paid(usd_mug)
    Payment.objects.filter(pk=payment.pk).update(status="duplicate")
    payment.refresh_from_db()
    give_back(payment)
    assert all("had been paid twice" in part for part in text_and_html(mail.outbox[0]))


def test_the_database_lets_no_refund_be_told_twice(
    paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item
) -> None:
    refund = give_back(paid(usd_mug))
    order = refund.payment.order
    for values in ({"kind": "refund", "refund": refund}, {"kind": "confirmation"}, {"kind": "refund"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderEmail.objects.create(order=order, **values)


# --- Links that staff sends ---------------------------------------------------------------------------------------


def send_link(client: Client, order: Order, address: str = "shopper@example.com") -> str:
    page = client.post(f"/admin/payments/order/{order.pk}/send/", {"email": address}, follow=True)
    return str(page.content.decode())


def test_a_link_that_could_not_be_sent_is_sent_once_the_server_is_back(
    admin_client: Client, usd_mug: Item, smtp: MailServer, monkeypatch: Any
) -> None:
    order = an_order(usd_mug)
    assert "The link was not sent. The mail server did not take the mail." in send_link(admin_client, order)
    smtp.start()
    trust_the_mail_server_again(monkeypatch)
    call_command("reconcile")
    call_command("reconcile")
    (message,) = smtp.taken
    assert f"http://testserver/order/{order.uuid}" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"http://testserver/order/{order.uuid}" in message.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_a_link_that_waits_goes_to_the_address_that_was_typed_last(
    admin_client: Client, usd_mug: Item, smtp: MailServer
) -> None:
    order = an_order(usd_mug)
    send_link(admin_client, order, "wrong@example.com")
    smtp.start()
    assert "The link was sent to right@example.com" in send_link(admin_client, order, "right@example.com")
    assert [message["To"] for message in smtp.taken] == ["right@example.com"]
    assert emails.send_due() == 0
    assert OrderEmail.objects.get().recipient == "right@example.com"


def test_a_second_press_while_the_link_is_being_sent_sends_no_second_mail(admin_client: Client, usd_mug: Item) -> None:
    order = an_order(usd_mug)
    assert OrderEmail.objects.with_link(order, "http://testserver/").claim()
    assert "is being sent at this very moment" in send_link(admin_client, order)
    assert mail.outbox == []


def test_a_link_says_what_is_to_be_paid_in_the_orders_language(admin_client: Client, usd_mug: Item) -> None:
    order = an_order(usd_mug, "de")
    send_link(admin_client, order)
    message = mail.outbox[0]
    assert message.subject == f"Storefront: Bestellung {order.pk}, 38,00\xa0USD zu bezahlen"
    assert "38,00\xa0USD bezahlen" in text_and_html(message)[1]


# --- Sent once ----------------------------------------------------------------------------------------------------


class ProcessThatEnds(EmailBackend):
    """Hands the mail over, and is killed before it can note so."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise SystemExit


def test_a_mail_sent_twice_by_a_crash_is_known_by_its_message_id(usd_mug: Item, settings: Any) -> None:
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.ProcessThatEnds"
    order = a_paid_order(usd_mug)
    with pytest.raises(SystemExit):
        emails.send_due()
    settings.EMAIL_BACKEND = backend
    assert emails.send_due() == 0
    OrderEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    assert emails.send_due() == 1
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second
    assert str(order.uuid) not in first


def test_each_mail_has_a_message_id_of_its_own(usd_mug: Item, eur_mug: Item) -> None:
    for item in (usd_mug, eur_mug):
        a_paid_order(item)
    assert emails.send_due() == 2
    assert len({message.message()["Message-ID"] for message in mail.outbox}) == 2


def test_a_real_server_gets_both_parts_and_nothing_twice(
    usd_mug: Item, smtp: MailServer, settings: Any, monkeypatch: Any
) -> None:
    settings.REPLY_TO = ["help@shop.example"]
    order = a_paid_order(usd_mug, "de")
    assert emails.send_due() == 0
    smtp.start()
    trust_the_mail_server_again(monkeypatch)
    assert (emails.send_due(), emails.send_due()) == (1, 0)
    (message,) = smtp.taken
    assert message.get_content_type() == "multipart/alternative"
    assert message["Subject"] == f"Storefront: Ihre Bestellung {order.pk}, 38,00\xa0USD"
    assert (message["To"], message["Reply-To"]) == ("shopper@example.com", "help@shop.example")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert all("38,00\xa0USD" in part.get_content() for part in message.iter_parts())


def test_sending_many_takes_few_queries_for_each(
    usd_mug: Item, eur_mug: Item, jpy_mug: Item, django_assert_max_num_queries: Any
) -> None:
    for item in (usd_mug, eur_mug, jpy_mug):
        a_paid_order(item)
    with django_assert_max_num_queries(3 + 3 * 3):
        assert emails.send_due() == 3


# --- As a developer sees them -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OrderEmail.Kind.values)
def test_a_developer_looks_at_each_mail(
    admin_client: Client, paid: Callable[..., Payment], give_back: GiveBack, usd_mug: Item, eur_mug: Item, kind: str
) -> None:
    give_back(paid(usd_mug))
    an_order(eur_mug)
    mail.outbox.clear()
    assert f"/sandbox/emails/{kind}/html" in admin_client.get("/sandbox/emails").content.decode()
    html = admin_client.get(f"/sandbox/emails/{kind}/html")
    assert b"<h1" in html.content
    assert html["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert b"Subject: Storefront" in admin_client.get(f"/sandbox/emails/{kind}/text").content
    assert mail.outbox == []


def test_the_mails_are_shown_to_staff_alone(client: Client) -> None:
    for address in ("/sandbox/emails", "/sandbox/emails/refund/html", "/sandbox/emails/refund/text"):
        assert client.get(address)["Location"].startswith("/admin/login/")


def test_without_an_order_there_is_no_mail_to_look_at(admin_client: Client) -> None:
    for kind in OrderEmail.Kind.values:
        assert admin_client.get(f"/sandbox/emails/{kind}/html").status_code == 404
