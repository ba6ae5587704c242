"""An order's page in the admin tells what happened to it, and by whom."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from payments import checkout, emails, refunds
from payments.models import Dispute, Item, Order, OrderChange, OrderEmail, Payment, Refund, StripeEvent
from payments.models.order_emails import MAXIMUM_FAILURES
from payments.tests.filled_in import filled_in
from payments.tests.test_order_composing import ADD, change_page, form

Pay = Callable[..., Any]
DECLINED = "4000 0000 0000 0002"


def told(client: Client, order: Order) -> list[str]:
    """What happened, the oldest first, without the times."""
    page = client.get(change_page(order)).content.decode()
    entries = re.findall(r"</time>\s*<p>(.*?)</p>", page.split('class="timeline"')[1], re.DOTALL)
    return [unescape(re.sub("<[^>]+>", "", entry)) for entry in reversed(entries)]


@pytest.fixture
def order(admin_client: Client, usd_mug: Item) -> Order:
    admin_client.post(ADD, form((usd_mug, "2"), email="shopper@example.com", language="en"))
    return Order.objects.get()


def offer(order: Order) -> Payment:
    payment = checkout.open_session(order=order, origin="http://testserver")
    assert payment
    return payment


@pytest.mark.django_db(transaction=True)
def test_everything_from_the_first_line_to_the_refund_is_told_in_order(
    admin_client: Client,
    admin_user: User,
    order: Order,
    pay: Pay,
    carry_webhooks: Callable[[], list[int]],
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(emails, "breaker", emails.Breaker())
    sent = filled_in(admin_client.get(change_page(order)), "order_form")
    admin_client.post(change_page(order), sent | {"lines-0-quantity": "1"})
    admin_client.post(f"/admin/payments/order/{order.pk}/send/", {"email": "shopper@example.com"})
    payment = offer(Order.objects.get())
    pay(payment.url, DECLINED, webhook="deliver")
    pay(payment.url, webhook="deliver")
    carry_webhooks()
    payment.refresh_from_db()
    refunds.refund(payment=payment, amount=700, reason="requested_by_customer", note="Broken", by=admin_user)
    assert told(admin_client, order) == [
        "Made by admin",
        "Changed by admin Changed Quantity for order line “1 × Stoneware Mug”.",
        "admin sent the payment link to shopper@example.com",
        "USD\xa019.00 to be paid on Stripe's page, to the account USD",
        "The card was declined the bank does not say why",
        "USD\xa019.00 was paid",
        "Mail sent: Confirmation of the order shopper@example.com",
        "Refund of USD\xa07.00 by admin Refunded · Requested by the customer · Broken",
        "Mail sent: Refund shopper@example.com",
    ]


def test_a_link_that_was_mailed_once_the_server_was_back_is_told_as_well(admin_client: Client, order: Order) -> None:
    email = OrderEmail.objects.create(order=order, kind="payment_link", recipient="ann@example.com", page="x")
    assert told(admin_client, order)[-1] == "A mail waits to be sent: Link to the order ann@example.com"
    email.mark_sent()
    assert told(admin_client, order)[-1] == "Mail sent: Link to the order ann@example.com"


def test_a_mail_that_was_given_up_waits_no_more(admin_client: Client, order: Order) -> None:
    OrderEmail.objects.create(
        order=order, kind="payment_link", recipient="ann@example.com", page="x", failures=MAXIMUM_FAILURES
    )
    assert told(admin_client, order)[-1] == "A mail could not be sent: Link to the order ann@example.com"


def test_what_a_shopper_began_and_left_is_told(admin_client: Client, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    payment.mark_expired()
    assert payment.ended_at
    assert told(admin_client, order) == [
        "Made by the shopper",
        "USD\xa019.00 to be paid on Stripe's page, to the account USD",
        "The payment page expired, or was taken back",
    ]


def test_what_ended_before_the_time_of_it_was_noted_is_told_all_the_same(admin_client: Client, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    payment.mark_failed("The bank did not pay.")
    Payment.objects.update(ended_at=None)
    assert "The payment failed The bank did not pay." in told(admin_client, order)


@pytest.mark.parametrize(
    ("status", "last"),
    [
        (
            "needs_response",
            "The cardholder disputes USD\xa019.00 The cardholder did not pay this · Needs an answer · answer by ",
        ),
        ("lost", "The dispute was lost: USD\xa019.00 went back"),
        ("won", "The dispute is over: nothing was lost"),
    ],
)
def test_a_dispute_is_told_with_how_it_ended(
    admin_client: Client, usd_mug: Item, pay: Pay, status: str, last: str
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    pay(payment.url)
    admin_client.get(f"/order/{order.uuid}")
    now = timezone.now()
    Dispute.objects.create(
        payment=payment, stripe_id="du_1", status=status, reason="fraudulent", amount=1900, currency="USD",
        is_charge_refundable=False, evidence_due_by=now + timedelta(days=7), created=now, asked_at=now,
    )  # fmt: skip
    assert told(admin_client, order)[-1].startswith(last)


def test_a_refund_that_the_bank_sent_back_is_told_twice(
    admin_client: Client, admin_user: User, usd_mug: Item, pay: Pay
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    pay(payment.url)
    admin_client.get(f"/order/{order.uuid}")
    Refund.objects.create(
        payment=payment, amount=500, status="failed", stripe_id="re_1", problem="The bank sent it back."
    )
    assert told(admin_client, order)[-2:] == [
        "Refund of USD\xa05.00 by Stripe's dashboard",
        "Nothing went back of USD\xa05.00 The bank sent it back.",
    ]


def test_a_free_order_is_told_to_be_complete(admin_client: Client, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.mark_paid()
    assert told(admin_client, order)[-1] == "Completed: nothing was to be paid"


def test_who_made_an_order_stays_known_when_the_account_is_deleted(
    client: Client, admin_client: Client, django_user_model: Any, usd_mug: Item
) -> None:
    clerk = django_user_model.objects.create_superuser("clerk")
    client.force_login(clerk)
    client.post(ADD, form((usd_mug, "2")))
    order = Order.objects.get()
    client.post(f"/admin/payments/order/{order.pk}/send/", {"email": "shopper@example.com"})
    before = told(admin_client, order)
    clerk.delete()
    assert not LogEntry.objects.exists()
    assert told(admin_client, order) == before == [
        "Made by clerk",
        "clerk sent the payment link to shopper@example.com",
    ]  # fmt: skip


def test_what_the_history_said_before_is_copied(admin_client: Client, admin_user: User, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    content_type = ContentType.objects.get_for_model(Order)
    for flag, message in ((ADDITION, "[]"), (CHANGE, "Sent the link to a@example.com."), (CHANGE, "Looked at it.")):
        LogEntry.objects.create(
            user=admin_user,
            content_type=content_type,
            object_id=str(order.pk),
            action_flag=flag,
            change_message=message,
        )
    LogEntry.objects.create(user=admin_user, content_type=content_type, object_id="999", action_flag=ADDITION)
    import_module("payments.migrations.0012_what_staff_did_before").copy_history(apps, None)
    assert told(admin_client, order) == [
        "Made by admin",
        "admin sent the payment link to a@example.com",
        "Changed by admin Looked at it.",
    ]
    assert [change.created for change in OrderChange.objects.all()] == [
        entry.action_time for entry in LogEntry.objects.order_by("pk")[:3]
    ]


def test_a_clerk_follows_no_link_to_what_they_may_not_see(
    client: Client, admin_client: Client, django_user_model: Any, usd_mug: Item
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(clerk)
    link = f'href="/admin/payments/payment/{payment.pk}/change/"'
    assert told(client, order) == told(admin_client, order)
    assert (link in client.get(change_page(order)).content.decode()) is False
    assert link in admin_client.get(change_page(order)).content.decode()


def test_the_note_of_a_refund_is_for_who_may_see_refunds(
    client: Client, admin_client: Client, django_user_model: Any, usd_mug: Item, pay: Pay
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    pay(payment.url)
    admin_client.get(f"/order/{order.uuid}")
    Refund.objects.create(payment=payment, amount=1, status="succeeded", stripe_id="re_1", note="They were cross")
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(clerk)
    assert "They were cross" in admin_client.get(change_page(order)).content.decode()
    assert "They were cross" not in client.get(change_page(order)).content.decode()


def test_however_much_happened_the_queries_are_counted(
    admin_client: Client, usd_mug: Item, pay: Pay, django_assert_max_num_queries: Any
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = offer(order)
    pay(payment.url)
    admin_client.get(f"/order/{order.uuid}")
    payment.refresh_from_db()
    for number in range(20):
        Refund.objects.create(payment=payment, amount=1, status="succeeded", stripe_id=f"re_{number}")
        StripeEvent.objects.create(
            account=payment.publishable_key, event_id=f"evt_{number}", type="payment_intent.payment_failed",
            livemode=False, object_id=payment.payment_intent_id,
        )  # fmt: skip
    with django_assert_max_num_queries(17):
        assert len(told(admin_client, order)) == 44
