"""Whoever has the permission refunds on the payment's page: asked once more, done once, told in words."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from payments.admin.money_back import MOST_AT_ONCE
from payments.models import Dispute, Item, Order, Payment, Refund
from payments.tests.sandbox_client import stripe_of
from payments.tests.stripe_server import Answer, StripeServer

SLOW, DISPUTED = "4000 0000 0000 7726", "4000 0000 0000 0259"
Pay = Callable[..., Any]
Buy = Callable[..., Payment]


@pytest.fixture
def buy(pay: Pay) -> Buy:
    def buy_with(item: Item, number: str = "4242 4242 4242 4242") -> Payment:
        shopper = Client()
        pay(shopper.get(f"/buy/{item.pk}").json()["url"], number)
        shopper.get(f"/order/{Order.objects.latest('pk').uuid}")
        return Payment.objects.latest("pk")

    return buy_with


@pytest.fixture
def payment(buy: Buy, usd_mug: Item) -> Payment:
    """Of 19 dollars."""
    return buy(usd_mug)


def address_of(payment: Payment) -> str:
    return f"/admin/payments/payment/{payment.pk}/refund/"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


def filled_in(client: Client, payment: Payment, **changes: str) -> dict[str, str]:
    """The form as staff opens it, filled in, up to the confirmation."""
    token = hidden(client.get(address_of(payment)).content.decode(), "token")
    return {"amount": "7.00", "reason": "requested_by_customer", "note": "Broken", "token": token} | changes


def confirm(client: Client, payment: Payment, **changes: str) -> Any:
    sent = filled_in(client, payment, **changes)
    assert "This cannot be taken back" in client.post(address_of(payment), sent).content.decode()
    return client.post(address_of(payment), sent | {"confirmed": "Refund"}, follow=True)


def at_stripe(payment: Payment) -> list[int]:
    found = stripe_of(payment.currency).v1.refunds.list({"payment_intent": payment.payment_intent_id})
    return [refund.amount for refund in found.data]


def test_the_form_offers_what_is_left_in_the_currency_of_the_payment(admin_client: Client, payment: Payment) -> None:
    page = admin_client.get(address_of(payment)).content.decode()
    assert "USD\xa019.00 of this payment can be refunded" in page
    assert 'value="19.00"' in page
    assert 'step="0.01"' in page
    assert "puts nothing back into stock" in page


def test_yen_have_no_decimals(admin_client: Client, buy: Buy, jpy_mug: Item) -> None:
    payment = buy(jpy_mug)
    page = admin_client.get(address_of(payment)).content.decode()
    assert 'value="2800"' in page
    assert (
        "no more than 0 decimal"
        in admin_client.post(address_of(payment), filled_in(admin_client, payment, amount="10.5")).content.decode()
    )
    assert "JPY\xa010 was refunded" in confirm(admin_client, payment, amount="10").content.decode()
    assert at_stripe(payment) == [10]


def test_a_refund_is_confirmed_done_and_shown_with_who_and_why(
    admin_client: Client, admin_user: User, payment: Payment
) -> None:
    done = confirm(admin_client, payment).content.decode()
    assert "USD\xa07.00 was refunded." in done
    assert at_stripe(payment) == [700]
    refund = Refund.objects.get()
    assert (refund.requested_by, refund.reason, refund.note) == (admin_user, "requested_by_customer", "Broken")
    for page in (
        f"/admin/payments/payment/{payment.pk}/change/",
        f"/admin/payments/order/{payment.order_id}/change/",
        f"/admin/payments/refund/{refund.pk}/change/",
        "/admin/payments/refund/",
    ):
        shown = admin_client.get(page).content.decode()
        for text in ("USD\xa07.00", "Broken", admin_user.username, "Requested by the customer"):
            assert text in shown, (page, text)


@pytest.mark.parametrize(("from_where", "leads_to"), [("", "payment"), ("?from=order", "order")])
def test_staff_lands_where_it_came_from(admin_client: Client, payment: Payment, from_where: str, leads_to: str) -> None:
    pages = {"payment": f"/admin/payments/payment/{payment.pk}/", "order": f"/admin/payments/order/{payment.order_id}/"}
    address = address_of(payment) + from_where
    sent = filled_in(admin_client, payment)
    for asked in (admin_client.get(address), admin_client.post(address, sent)):
        assert f'class="closelink" href="{pages[leads_to]}change/"' in asked.content.decode()
    done = admin_client.post(address, sent | {"confirmed": "Refund"}, follow=True)
    assert done.redirect_chain == [(f"{pages[leads_to]}change/", 302)]
    assert "USD\xa07.00 was refunded." in done.content.decode()


def test_what_was_typed_is_still_there_when_it_is_to_be_changed(admin_client: Client, payment: Payment) -> None:
    sent = filled_in(admin_client, payment)
    asked = admin_client.post(address_of(payment), sent).content.decode()
    assert "Reason: Requested by the customer<br>Note: Broken" in asked
    page = admin_client.post(address_of(payment), sent | {"again": "Change"}).content.decode()
    assert 'value="7.00"' in page
    assert "Broken</textarea>" in page
    assert Refund.objects.count() == 0


def test_nothing_is_refunded_before_it_is_confirmed(admin_client: Client, payment: Payment) -> None:
    sent = filled_in(admin_client, payment)
    page = admin_client.post(address_of(payment), sent).content.decode()
    assert "Give back <strong>USD\xa07.00</strong> of USD\xa019.00" in page
    assert hidden(page, "token") == sent["token"]
    assert Refund.objects.count() == 0


def test_a_double_click_and_a_form_sent_again_refund_once(admin_client: Client, payment: Payment) -> None:
    sent = filled_in(admin_client, payment, amount="10.00") | {"confirmed": "Refund"}
    for _ in range(3):
        page = admin_client.post(address_of(payment), sent, follow=True).content.decode()
        assert "USD\xa010.00 was refunded." in page
    assert at_stripe(payment) == [1000]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"amount": "19.01"}, "Only USD\xa019.00 of this payment is left"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "1.005"}, "no more than 2 decimal places"),
        ({"amount": "much"}, "Enter a number"),
        ({"amount": "NaN"}, "Enter a number"),
        ({"amount": "1e3"}, "Only USD\xa019.00"),
        ({"reason": "regret"}, "not one of the available choices"),
        ({"reason": ""}, "required"),
        ({"note": "x" * 501}, "at most 500"),
        ({"note": "\0"}, "Null characters"),
        ({"token": "mine"}, "Open this page again"),
    ],
)
@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "Refund"}])
def test_what_is_wrong_is_said_and_nothing_is_refunded(
    admin_client: Client, payment: Payment, changes: dict[str, str], problem: str, confirmed: dict[str, str]
) -> None:
    sent = filled_in(admin_client, payment, **changes) | confirmed
    response = admin_client.post(address_of(payment), sent)
    assert (response.status_code, Refund.objects.count()) == (200, 0)
    assert problem in response.content.decode()


def test_the_rest_can_be_taken_by_somebody_else_while_the_form_is_open(admin_client: Client, payment: Payment) -> None:
    sent = filled_in(admin_client, payment, amount="19.00")
    confirm(admin_client, payment, amount="10.00")
    late = admin_client.post(address_of(payment), sent | {"confirmed": "Refund"}).content.decode()
    assert "Nothing was refunded. Only USD\xa09.00 of this payment is left" in late
    assert at_stripe(payment) == [1000]


def test_what_stripe_refuses_or_leaves_open_is_said_in_words(
    admin_client: Client, payment: Payment, stripe_server: StripeServer
) -> None:
    stripe_server.answers = [Answer(status=503)] * 3
    page = confirm(admin_client, payment).content.decode()
    assert "USD\xa07.00 is to be refunded. Stripe has not answered yet." in page
    Refund.objects.update(status="failed")
    stripe_of("USD").v1.refunds.create({"payment_intent": payment.payment_intent_id})
    page = confirm(admin_client, payment).content.decode()
    assert "Nothing was refunded. All of this payment had been refunded before." in page


def test_a_refund_that_takes_a_while_says_so_and_staff_can_ask_what_became_of_it(
    admin_client: Client, buy: Buy, usd_mug: Item, stripe_server: StripeServer
) -> None:
    payment = buy(usd_mug, SLOW)
    assert "USD\xa07.00 is on its way back" in confirm(admin_client, payment).content.decode()
    stripe_server.refund_changes = {"status": "succeeded"}
    asked = {"action": "ask_stripe", "_selected_action": [str(Refund.objects.get().pk)]}
    assert ": Refunded" in admin_client.post("/admin/payments/refund/", asked, follow=True).content.decode()
    stripe_server.answers = [Answer(status=503)] * 3
    page = admin_client.post("/admin/payments/refund/", asked, follow=True).content.decode()
    assert "could not be checked" in page


def test_no_more_are_asked_about_at_once_than_a_page_can_tell(
    admin_client: Client, payment: Payment, stripe_server: StripeServer
) -> None:
    refunds = [Refund(payment=payment, amount=1, status="succeeded", stripe_id=f"re_{n}") for n in range(MOST_AT_ONCE)]
    Refund.objects.bulk_create([*refunds, Refund(payment=payment, amount=1)])
    asked = {"action": "ask_stripe", "_selected_action": [str(refund.pk) for refund in Refund.objects.all()]}
    page = admin_client.post("/admin/payments/refund/", asked, follow=True).content.decode()
    assert f"At most {MOST_AT_ONCE} refunds are asked about at once: choose fewer." in page
    assert stripe_server.requests == []


def test_without_a_keypair_it_says_which_is_missing(settings: Any, admin_client: Client, payment: Payment) -> None:
    sent = filled_in(admin_client, payment) | {"confirmed": "Refund"}
    settings.STRIPE_KEYPAIRS = {}
    page = admin_client.post(address_of(payment), sent)
    assert page.status_code == 200
    assert "Nothing was refunded" in page.content.decode()


def test_a_payment_taken_twice_is_refunded_as_a_duplicate(admin_client: Client, payment: Payment) -> None:
    Payment.objects.update(status="duplicate")
    page = admin_client.get(address_of(payment)).content.decode()
    assert '<option value="duplicate" selected>' in page


# --- Who may ------------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(client: Client, db: None) -> Client:
    """May see orders, payments and refunds, and is signed in."""
    user = User.objects.create_user("clerk", is_staff=True)
    seen = ["view_order", "view_payment", "view_refund", "view_dispute", "change_order"]
    user.user_permissions.set(Permission.objects.filter(codename__in=seen))
    client.force_login(user)
    return client


def test_a_clerk_who_may_see_orders_cannot_refund(clerk: Client, admin_client: Client, payment: Payment) -> None:
    sent = filled_in(admin_client, payment) | {"confirmed": "Refund"}
    assert clerk.get(address_of(payment)).status_code == 403
    assert clerk.post(address_of(payment), sent).status_code == 403
    for page in (f"payment/{payment.pk}/change/", f"order/{payment.order_id}/change/"):
        shown = clerk.get(f"/admin/payments/{page}")
        assert shown.status_code == 200
        assert address_of(payment) not in shown.content.decode()
    assert clerk.get(f"/admin/payments/payment/{payment.pk + 9}/refund/").status_code == 403
    assert (Refund.objects.count(), at_stripe(payment)) == (0, [])
    assert "ask_stripe" not in clerk.get("/admin/payments/refund/").content.decode()


def test_a_clerk_with_that_permission_can(clerk: Client, payment: Payment) -> None:
    User.objects.get(username="clerk").user_permissions.add(Permission.objects.get(codename="refund_payment"))
    for page, from_where in ((f"payment/{payment.pk}/", ""), (f"order/{payment.order_id}/", "?from=order")):
        shown = clerk.get(f"/admin/payments/{page}change/").content.decode()
        assert f'href="{address_of(payment)}{from_where}"' in shown
    assert "was refunded" in confirm(clerk, payment).content.decode()
    assert Refund.objects.get().requested_by == User.objects.get(username="clerk")


def test_nobody_refunds_without_signing_in_or_from_another_site(payment: Payment, admin_user: User) -> None:
    assert "/admin/login/" in Client().post(address_of(payment), {})["Location"]
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    assert browser.post(address_of(payment), {"confirmed": "Refund"}).status_code == 403


def test_refunds_and_disputes_cannot_be_edited(admin_client: Client, payment: Payment) -> None:
    confirm(admin_client, payment)
    refund = Refund.objects.get()
    for page in ("refund/add/", "dispute/add/"):
        assert admin_client.get(f"/admin/payments/{page}").status_code == 403
    assert admin_client.post(f"/admin/payments/refund/{refund.pk}/change/", {"amount": "1"}).status_code == 403
    assert admin_client.post(f"/admin/payments/refund/{refund.pk}/delete/", {"post": "yes"}).status_code == 403
    assert 'name="_save"' not in admin_client.get(f"/admin/payments/refund/{refund.pk}/change/").content.decode()


# --- Lists, and the shopper's page --------------------------------------------------------------------------


def test_a_dispute_is_shown_with_its_deadline_and_the_way_to_answer(
    admin_client: Client, buy: Buy, usd_mug: Item, carry_webhooks: Callable[[], list[int]], pay: Pay
) -> None:
    pay(Client().get(f"/buy/{usd_mug.pk}").json()["url"], DISPUTED, "deliver")
    carry_webhooks()
    dispute, payment = Dispute.objects.get(), Payment.objects.get()
    assert dispute.evidence_due_by
    day = f"{dispute.evidence_due_by:%Y}"
    for page in ("dispute/", f"dispute/{dispute.pk}/change/", f"payment/{payment.pk}/change/"):
        shown = admin_client.get(f"/admin/payments/{page}").content.decode()
        assert f'href="/sandbox/payments/{payment.payment_intent_id}"' in shown
        assert ("Needs an answer" in shown, "The cardholder did not pay this" in shown, day in shown) == (
            True,
            True,
            True,
        )
    order = admin_client.get(f"/admin/payments/order/{payment.order_id}/change/").content.decode()
    assert "The cardholder did not pay this · Needs an answer · answer by " in order
    assert "Disputed" in admin_client.get("/admin/payments/order/").content.decode()
    Payment.objects.update(publishable_key="pk_real", livemode=True)
    address = f"https://dashboard.stripe.com/disputes/{dispute.stripe_id}"
    assert f'href="{address}"' in admin_client.get("/admin/payments/dispute/").content.decode()


def test_orders_are_found_by_whether_their_money_went_back(admin_client: Client, buy: Buy, usd_mug: Item) -> None:
    payments = [buy(usd_mug) for _ in range(3)]
    confirm(admin_client, payments[0])
    confirm(admin_client, payments[1], amount="19.00")
    for state, count in (("not", 1), ("partly", 1), ("fully", 1)):
        found = admin_client.get("/admin/payments/order/", {"refunded__exact": state})
        assert found.context["cl"].result_count == count
    page = admin_client.get("/admin/payments/order/").content.decode()
    assert page.count(">Partly refunded</span>") == 1
    assert admin_client.get("/admin/payments/order/", {"dispute__exact": "none"}).context["cl"].result_count == 3


def test_the_shopper_sees_what_went_back_and_nothing_of_disputes(
    admin_client: Client, buy: Buy, usd_mug: Item, stripe_server: StripeServer
) -> None:
    payment = buy(usd_mug)
    confirm(admin_client, payment, note="She shouted")
    address = f"/order/{payment.order.uuid}"
    page = Client().get(address).content.decode()
    assert "USD\xa07.00 was refunded on" in page
    stripe_server.refund_changes = {"status": "pending"}
    confirm(admin_client, payment, amount="2.00")
    Order.objects.update(dispute="lost")
    page = Client().get(address).content.decode()
    assert "USD\xa02.00 is on its way back to you" in page
    assert "Your order is paid" in page
    assert "disput" not in page.lower()
    assert "shouted" not in page
    assert Client().get(address, headers={"Accept": "application/json"}).json()["refunded"] == "partly"
    confirm(admin_client, payment, amount="10.00")
    assert "Your order was refunded" in Client().get(address).content.decode()


def test_a_page_costs_as_many_queries_with_many_refunds_as_with_one(admin_client: Client, payment: Payment) -> None:
    def refund(number: int) -> None:
        by = User.objects.create_user(f"clerk{number}")
        Refund.objects.create(
            payment=payment, amount=1, status="succeeded", stripe_id=f"re_{number}", requested_by=by, reason="duplicate"
        )

    pages = [
        f"/order/{payment.order.uuid}",
        f"/admin/payments/order/{payment.order_id}/change/",
        f"/admin/payments/payment/{payment.pk}/change/",
        "/admin/payments/refund/",
    ]
    refund(0)
    first = [queries_of(admin_client, page) for page in pages]
    for number in range(1, 20):
        refund(number)
    assert [queries_of(admin_client, page) for page in pages] == first


def queries_of(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200
    return len(queries)
