"""The board against each account's own books: what agrees is said, and what does not, with what to do."""

import html
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from payments import books, fulfillment, refunds
from payments.board.periods import Period
from payments.board.sections import Section
from payments.books import Comparison, Kind
from payments.gateway import api
from payments.gateway.keys import keypair_for, ring
from payments.gateway.objects import BalanceTransaction
from payments.gateway.objects import Dispute as StripeDispute
from payments.models import Dispute, Item, Order, Payment, Refund
from payments.sandbox import accounts, store
from payments.sandbox.objects.balance_transactions import record
from payments.tests import stripe_spec
from payments.tests.stripe_server import Answer, Fault, StripeServer
from payments.tests.test_board import DISPUTED, FAILS, NOON, Buy, buy, decide, pay_again, payment_of, refund
from payments.tests.test_sandbox_refunds import paid as paid_elsewhere

__all__ = ["buy"]

TESTS = Path(__file__).parent
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def compared(currency: str = "USD", period: Period = NOVEMBER) -> Comparison:
    return books.compare(Section.of(keypair_for(currency)), period)


def kinds(comparison: Comparison) -> list[tuple[Kind, str]]:
    return [(difference.kind, difference.category) for difference in comparison.differences]


def page(client: Client, **sent: str) -> str:
    response = client.post("/admin/board/?period=own&first=2026-11-01&last=2026-11-30", sent)
    return html.unescape(response.content.decode()).replace("\xa0", " ")


def test_payments_refunds_and_disputes_agree_to_the_minor_unit(
    buy: Buy, admin_client: Client, admin_user: User, usd_mug: Item, jpy_mug: Item
) -> None:
    refund(buy(usd_mug, 2), 700, admin_user)
    failing = buy(usd_mug, number=FAILS)
    refund(failing, 1900, admin_user)
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        refunds.settle(payment_of(failing))
    for button in ("", "win", "lose"):
        with time_machine.travel(NOON + timedelta(days=1), tick=False):
            decide(admin_client, payment_of(buy(usd_mug, number=DISPUTED)), button)
    buy(jpy_mug)
    found = compared()
    assert (found.differences, found.agrees) == ([], True)
    assert found.ours == found.theirs == 3800 - 700 + 1900 + 1900
    assert (compared("JPY").ours, compared("JPY").agrees) == (2800, True)
    shown = page(admin_client)
    assert "Everything agrees with Stripe's books: USD 69.00 net on both sides." in shown
    assert "Everything agrees with Stripe's books: JPY 2,800 net on both sides." in shown


def test_a_payment_that_the_shop_missed_is_named_with_its_order(
    buy: Buy, pay: Callable[..., Any], admin_client: Client, usd_mug: Item
) -> None:
    with time_machine.travel(NOON, tick=False):
        pay(Client().get(f"/buy/{usd_mug.pk}").json()["url"])
    order = Order.objects.get()
    found = compared()
    assert kinds(found) == [(Kind.MISSING_HERE, "charge")]
    assert (found.ours, found.theirs) == (0, 1900)
    assert found.differences[0].entry.order_id == order.pk
    shown = page(admin_client)
    assert "The shop says USD 0.00 net, Stripe's books say USD 19.00." in shown
    assert "Run manage.py reconcile, then compare again." in shown
    assert f'<a href="/admin/payments/order/{order.pk}/change/">Order {order.pk}</a>' in shown
    with time_machine.travel(NOON, tick=False):
        fulfillment.settle(Payment.objects.get())
    assert compared().agrees


def test_a_refund_made_in_the_dashboard_is_missed_until_it_is_fetched(buy: Buy, usd_mug: Item) -> None:
    payment = payment_of(buy(usd_mug))
    with time_machine.travel(NOON, tick=False):
        api.create_refund(keypair_for("USD"), {"payment_intent": payment.payment_intent_id, "amount": 500}, "key")
    found = compared()
    assert kinds(found) == [(Kind.MISSING_HERE, "refund")]
    assert (found.differences[0].entry.payment_id, found.differences[0].entry.amount) == (payment.pk, -500)
    with time_machine.travel(NOON, tick=False):
        refunds.settle(payment)
    assert compared().agrees


def test_what_stripe_does_not_have_is_said(buy: Buy, usd_mug: Item) -> None:
    payment = payment_of(buy(usd_mug))
    Refund.objects.create(payment=payment, amount=500, status="succeeded", stripe_id="re_never", created=NOON)
    found = compared()
    assert kinds(found) == [(Kind.MISSING_THERE, "refund")]
    assert (found.differences[0].stripe_id, found.ours, found.theirs) == ("re_never", 1400, 1900)


def test_another_amount_is_said(buy: Buy, usd_mug: Item) -> None:
    payment = payment_of(buy(usd_mug))
    Payment.objects.filter(pk=payment.pk).update(amount=1800)
    (difference,) = compared().differences
    assert (difference.kind, difference.ours and difference.ours.amount) == (Kind.OTHER_AMOUNT, 1800)
    assert difference.theirs
    assert difference.theirs.amount == 1900


def test_what_the_shop_learned_of_after_the_period_is_told_apart_from_what_is_wrong(buy: Buy, usd_mug: Item) -> None:
    order = buy(usd_mug, at=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    Order.objects.filter(pk=order.pk).update(paid_at=datetime(2026, 12, 1, 0, 0, 3, tzinfo=UTC))
    found = compared()
    assert kinds(found) == [(Kind.OTHER_TIME, "charge")]
    assert (found.ours, found.theirs) == (0, 1900)
    assert compared(period=Period(date(2026, 11, 1), date(2026, 12, 1))).agrees


def test_what_was_paid_twice_is_listed_until_it_is_refunded(buy: Buy, usd_mug: Item) -> None:
    order = buy(usd_mug)
    again = pay_again(order)
    assert kinds(compared()) == [(Kind.MISSING_THERE, "charge"), (Kind.PAID_TWICE, "charge")]
    Payment.objects.filter(pk=again.pk).update(refunded_amount=1900)
    assert kinds(compared()) == [(Kind.MISSING_THERE, "charge")]


def test_what_was_paid_by_a_publishable_key_before_it_was_rolled_is_no_difference_of_the_new_one(
    buy: Buy, admin_user: User, usd_mug: Item
) -> None:
    order = buy(usd_mug, 2)
    refund(order, 700, admin_user)
    Payment.objects.update(publishable_key="pk_test_sandbox_usd_former")
    buy(usd_mug)
    found = compared()
    assert (found.differences, found.ours, found.theirs, found.others) == ([], 1900, 1900, 0)


def test_what_another_shop_did_in_the_same_account_is_no_difference(
    buy: Buy, admin_client: Client, usd_mug: Item
) -> None:
    buy(usd_mug)
    with time_machine.travel(NOON, tick=False):
        paid_elsewhere()
    found = compared()
    assert (found.agrees, found.others, found.others_amount) == (True, 1, 1900)
    assert "1 other movement of this account, of USD 19.00, is for no order of this shop." in page(admin_client)


def test_another_currency_of_the_same_account_is_none_of_it(
    buy: Buy, usd_mug: Item, eur_mug: Item, settings: Any
) -> None:
    usd = ring()["USD"]
    settings.STRIPE_KEYPAIRS = {"EUR": replace(usd, currency="EUR"), "USD": usd}
    buy(usd_mug)
    buy(eur_mug)
    assert [(each.ours, each.agrees) for each in (compared("USD"), compared("EUR"))] == [(1900, True), (1750, True)]


def test_an_account_of_which_no_keypair_is_left_is_said(
    buy: Buy, admin_client: Client, usd_mug: Item, settings: Any
) -> None:
    buy(usd_mug)
    settings.STRIPE_KEYPAIRS = {code: keypair for code, keypair in ring().items() if code != "USD"}
    assert "No keypair is of this account any more, so it cannot be asked." in page(admin_client)


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (503, {"type": "api_error"}, "The account did not answer in time, so nothing was compared."),
        (403, {"type": "invalid_request_error"}, "The restricted key may not read the account's books"),
        (400, {"type": "invalid_request_error"}, "Stripe refused to show the account's books"),
    ],
)
def test_an_account_that_cannot_be_asked_is_said_and_the_others_are_compared(
    buy: Buy,
    admin_client: Client,
    usd_mug: Item,
    stripe_server: StripeServer,
    status: int,
    error: dict[str, str],
    says: str,
) -> None:
    buy(usd_mug)
    refusal = Answer(status, json.dumps({"error": error}))
    stripe_server.faults.append(Fault("GET", "/v1/balance_transactions", "sk_test_sandbox_eur", refusal))
    shown = page(admin_client)
    assert shown.count(says) == 1
    assert "Everything agrees with Stripe's books: USD 19.00 net on both sides." in shown


def test_one_account_can_be_compared_by_itself(admin_client: Client, stripe_server: StripeServer) -> None:
    shown = page(admin_client, section="JPY|test|pk_test_sandbox_jpy")
    assert shown.count("Everything agrees") == 1
    assert len(stripe_server.requests) == 1


def test_stripe_is_asked_on_the_button_alone_for_all_pages_in_words_that_it_takes(
    buy: Buy, admin_client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    for _ in range(3):
        buy(usd_mug)
    stripe_server.requests.clear()
    admin_client.get("/admin/board/")
    assert stripe_server.requests == []
    page(admin_client, section="USD|test|pk_test_sandbox_usd")
    (sent,) = stripe_server.requests
    assert stripe_spec.request(sent.method, sent.path, sent.body) == []
    assert "created[gte]=1793232000" in sent.path.replace("%5B", "[").replace("%5D", "]")
    assert "created[lt]=1796342400" in sent.path.replace("%5B", "[").replace("%5D", "]")


def test_all_pages_are_read(db: None) -> None:
    with time_machine.travel(NOON, tick=False):
        charge = paid_elsewhere().latest_charge
        account = accounts.account_id(keypair_for("USD"))
        with store.writing() as books_of_account:
            source = store.get(books_of_account, account, "charge", charge.id)  # type: ignore[union-attr]
            for _ in range(101):
                record(books_of_account, account, source, type="charge", amount=1, description="")
    assert compared().others_amount == 1900 + 101


def test_a_dispute_settled_in_another_currency_counts_in_its_own() -> None:
    moved = {"id": "txn_1", "reporting_category": "dispute", "amount": -1234, "currency": "eur", "created": 1}
    source = {"id": "du_1", "currency": "usd", "amount": 1900, "payment_intent": "pi_1"}
    found = BalanceTransaction.from_stripe(moved | {"source": source})
    assert (found.amount, found.currency, found.payment_intent_id) == (-1900, "USD", "pi_1")
    dispute = {
        "status": "lost",
        "reason": "general",
        "is_charge_refundable": False,
        "evidence_details": {},
        "created": 1,
    }
    read = StripeDispute.from_stripe(source | dispute | {"balance_transactions": [moved]})
    assert (read.withdrawn_amount, read.reinstated_amount) == (1900, 0)


def test_what_an_older_release_knew_of_disputes_and_refunds_is_carried_over(buy: Buy, usd_mug: Item) -> None:
    payment = payment_of(buy(usd_mug))
    known = {"payment": payment, "reason": "general", "amount": 1900, "currency": "USD", "is_charge_refundable": False}
    for status in ("won", "lost", "warning_closed"):
        Dispute.objects.create(stripe_id=f"du_{status}", status=status, created=NOON, asked_at=NOON, **known)
    Refund.objects.create(payment=payment, amount=100, status="failed", stripe_id="re_failed")
    Refund.objects.create(payment=payment, amount=100, status="failed")
    (migration,) = (TESTS.parent / "migrations").glob("*_times_for_the_board.py")
    import_module(f"payments.migrations.{migration.stem}").note_what_is_known(apps, None)
    taken = Dispute.objects.values_list("status", "withdrawn_amount", "reinstated_amount").order_by("id")
    assert list(taken) == [("won", 1900, 1900), ("lost", 1900, 0), ("warning_closed", 0, 0)]
    assert [refund.failed_at is None for refund in Refund.objects.order_by("id")] == [False, True]
