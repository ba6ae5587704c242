"""Staff gives money back: never more than was paid, never twice, and from the account that took it."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from payments import money_back, refunds
from payments.errors import NoKeypair, RefundRefused, StripeObjectMissing, StripeUnreachable
from payments.gateway.keys import keypair_for, read_keypairs
from payments.models import Item, Order, Payment, Refund
from payments.sandbox import clock
from payments.tests import stripe_spec
from payments.tests.sandbox_client import stripe_of
from payments.tests.stripe_server import Answer, StripeServer

SLOW, FAILS = "4000 0000 0000 7726", "4000 0000 0000 5126"
Pay = Callable[..., Any]
Carry = Callable[[], list[int]]
Later = Callable[[int], None]


@pytest.fixture
def clerk(db: None) -> User:
    return User.objects.create_user("clerk")


@pytest.fixture
def paid(client: Client, pay: Pay) -> Callable[..., Payment]:
    """Buys the item, and pays with a card."""

    def buy(item: Item, number: str = "4242 4242 4242 4242", quantity: int = 1) -> Payment:
        bought = client.get(f"/buy/{item.pk}?quantity={quantity}").json()
        pay(bought["url"], number)
        client.get(f"/order/{Order.objects.latest('pk').uuid}")
        return Payment.objects.get(checkout_session_id=bought["id"])

    return buy


@pytest.fixture
def payment(paid: Callable[..., Payment], usd_mug: Item) -> Payment:
    """Of 19 dollars."""
    return paid(usd_mug)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Turns the stand-in's clock forward from what it is then, however long the test took until there."""
    running = clock.now

    def turn(seconds: int) -> None:
        moment = running() + seconds
        monkeypatch.setattr(clock, "now", lambda: moment)

    return turn


@pytest.fixture
def give_back(clerk: User) -> Callable[..., Refund]:
    def refund(payment: Payment, amount: int = 1900, **changes: Any) -> Refund:
        values: dict[str, Any] = {"reason": "requested_by_customer", "note": "Arrived broken", "by": clerk}
        return refunds.refund(payment=payment, amount=amount, **(values | changes))

    return refund


GiveBack = Callable[..., Refund]


def at_stripe(payment: Payment) -> list[Any]:
    found = stripe_of(payment.currency).v1.refunds.list({"payment_intent": payment.payment_intent_id, "limit": 100})
    return found.data


def again(payment: Payment) -> Payment:
    return Payment.objects.select_related("order").get(pk=payment.pk)


def in_dashboard(payment: Payment, amount: int) -> str:
    """Somebody refunds in Stripe's dashboard; the refund's id."""
    refund = stripe_of(payment.currency).v1.refunds.create(
        {"payment_intent": payment.payment_intent_id, "amount": amount}
    )
    return refund.id


# --- From the shop ------------------------------------------------------------------------------------------


def test_a_part_is_refunded_and_says_by_whom_and_why(payment: Payment, give_back: GiveBack, clerk: User) -> None:
    refund = give_back(payment, 700)
    assert (refund.status, refund.amount, refund.reason) == ("succeeded", 700, "requested_by_customer")
    assert (refund.note, refund.requested_by) == ("Arrived broken", clerk)
    (theirs,) = at_stripe(payment)
    assert (theirs.id, theirs.amount, theirs.reason) == (refund.stripe_id, 700, "requested_by_customer")
    assert theirs.metadata["order"] == str(payment.order.uuid)
    assert (again(payment).refunded_amount, again(payment).refundable_amount) == (700, 1200)
    assert (again(payment).order.status, again(payment).order.refunded) == ("paid", "partly")


def test_the_rest_is_refunded_after_a_part(payment: Payment, give_back: GiveBack) -> None:
    give_back(payment, 700)
    give_back(payment, 1200)
    assert [refund.amount for refund in at_stripe(payment)] == [1200, 700]
    assert again(payment).order.refunded == "fully"
    assert again(payment).status == "paid"


@pytest.mark.parametrize("amount", [1901, 10**12])
def test_no_more_is_refunded_than_was_paid(payment: Payment, give_back: GiveBack, amount: int) -> None:
    with pytest.raises(RefundRefused, match="Only USD\xa019.00 of this payment is left"):
        give_back(payment, amount)
    assert (Refund.objects.count(), at_stripe(payment)) == (0, [])


def test_no_more_is_refunded_than_is_left(payment: Payment, give_back: GiveBack) -> None:
    give_back(payment, 1800)
    with pytest.raises(RefundRefused, match="Only USD\xa01.00"):
        give_back(payment, 101)
    give_back(payment, 100)
    with pytest.raises(RefundRefused, match="All of this payment has been refunded"):
        give_back(payment, 1)


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_and_less_cannot_be_refunded(payment: Payment, give_back: GiveBack, amount: int) -> None:
    with pytest.raises(RefundRefused, match="above zero"):
        give_back(payment, amount)


def test_what_was_not_paid_cannot_be_refunded(client: Client, usd_mug: Item, give_back: GiveBack) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    with pytest.raises(RefundRefused, match="never paid"):
        give_back(Payment.objects.get(), 100)


def test_yen_are_refunded_whole(paid: Callable[..., Payment], jpy_mug: Item, give_back: GiveBack) -> None:
    payment = paid(jpy_mug)
    give_back(payment, 1400)
    assert [(refund.amount, refund.currency) for refund in at_stripe(payment)] == [(1400, "jpy")]


def test_a_payment_that_came_a_second_time_is_refunded_and_the_order_stays_paid(
    paid: Callable[..., Payment], usd_mug: Item, give_back: GiveBack, later: Later, carry_webhooks: Carry
) -> None:
    payment = paid(usd_mug, FAILS)
    Payment.objects.update(status="duplicate", problem="This order had been paid before: refund this payment.")
    give_back(again(payment))
    assert (again(payment).status, again(payment).problem) == ("duplicate", "")
    assert again(payment).order.refunded == "not"
    later(11)
    carry_webhooks()
    assert "refund this payment" in again(payment).problem


def test_a_refund_does_not_put_stock_back(paid: Callable[..., Payment], usd_mug: Item, give_back: GiveBack) -> None:
    Item.objects.update(stock=5)
    give_back(paid(usd_mug))
    assert Item.objects.get().stock == 4


def test_a_form_that_is_sent_twice_refunds_once(payment: Payment, give_back: GiveBack) -> None:
    token = Refund().token
    first, second = (give_back(payment, 700, token=token) for _ in range(2))
    assert first == second
    assert len(at_stripe(payment)) == 1
    with pytest.raises(RefundRefused, match="has refunded USD\xa07.00 already"):
        give_back(payment, 800, token=token)


def test_what_goes_to_stripe_is_what_it_takes(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    refunds.settle_refund(give_back(payment, 700))
    money_back.reconcile_open()
    assert {sent.path.partition("?")[0] for sent in stripe_server.requests} == {"/v1/refunds", "/v1/disputes"}
    for sent in stripe_server.requests:
        assert stripe_spec.request(sent.method, sent.path, sent.body) == []


def test_the_database_lets_no_payment_be_refunded_beyond_its_amount(payment: Payment) -> None:
    for amount in (1901, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payment.objects.update(refunded_amount=amount)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(payment=payment, amount=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(payment=payment, amount=1, status="succeeded")
    Refund.objects.create(payment=payment, amount=1, status="succeeded", stripe_id="re_1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(payment=payment, amount=1, status="succeeded", stripe_id="re_1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(status="pending", paid_at=None, refunded="partly")


# --- The right account --------------------------------------------------------------------------------------


def test_money_goes_back_by_the_account_that_took_it_though_another_sells_now(
    settings: Any, paid: Callable[..., Payment], eur_mug: Item, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    payment = paid(eur_mug)
    moved = {f"STRIPE_EUR_{part}": value for part, value in NEW_ACCOUNT.items()}
    old = {f"STRIPE_OLD_{part}": value for part, value in keys_of("EUR").items()}
    settings.STRIPE_KEYPAIRS = read_keypairs(moved | old)
    stripe_server.requests.clear()
    assert give_back(payment, 1750).status == "succeeded"
    assert {sent.secret_key for sent in stripe_server.requests} == {"sk_test_sandbox_eur"}


NEW_ACCOUNT = {
    "PUBLISHABLE_KEY": "pk_test_sandbox_moved",
    "SECRET_KEY": "sk_test_sandbox_moved",
    "WEBHOOK_SECRET": "whsec_sandbox_moved",
}


def keys_of(currency: str) -> dict[str, str]:
    keypair = keypair_for(currency)
    return {
        "PUBLISHABLE_KEY": keypair.publishable_key,
        "SECRET_KEY": keypair.secret_key,
        "WEBHOOK_SECRET": keypair.webhook_secrets[0],
    }


def test_no_other_account_is_asked_to_pay_it_back(
    settings: Any, payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    settings.STRIPE_KEYPAIRS = read_keypairs({f"STRIPE_USD_{part}": value for part, value in NEW_ACCOUNT.items()})
    with pytest.raises(StripeObjectMissing):
        give_back(payment)
    with pytest.raises(StripeObjectMissing):
        refunds.settle(payment)
    assert {sent.path for sent in stripe_server.requests} == {f"/v1/payment_intents/{payment.payment_intent_id}"}
    settings.STRIPE_KEYPAIRS = {}
    with pytest.raises(NoKeypair):
        give_back(payment)
    assert Refund.objects.count() == 0


# --- Answers that are lost, refused, or late ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_refund_is_known_here_before_stripe_is_asked(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    seen: list[Any] = []
    stripe_server.meanwhile = lambda: seen.extend(Refund.objects.values_list("status", "amount"))
    give_back(payment, 700)
    assert seen == [("created", 700)]


def silent(stripe_server: StripeServer) -> None:
    """Stripe acts, but its answers are lost, through all of the SDK's tries."""
    stripe_server.lost = 3


def test_a_lost_answer_is_found_again_and_nothing_is_refunded_twice(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    silent(stripe_server)
    refund = give_back(payment, 700)
    assert (refund.status, refund.stripe_id) == ("created", "")
    assert "will be asked again" in refund.problem
    assert again(payment).refunded_amount == 700
    assert again(payment).order.refunded == "not"
    (theirs,) = at_stripe(payment)
    assert money_back.reconcile_open() == [refund]
    refund.refresh_from_db()
    assert (refund.status, refund.stripe_id, refund.problem) == ("succeeded", theirs.id, "")
    assert (len(at_stripe(payment)), Refund.objects.count()) == (1, 1)
    assert again(payment).order.refunded == "partly"


def test_what_never_reached_stripe_is_asked_for_again(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    stripe_server.answers = [Answer(status=503)] * 3
    refund = give_back(payment, 700)
    assert (refund.status, at_stripe(payment)) == ("created", [])
    with pytest.raises(RefundRefused, match="Only USD\xa012.00"):
        give_back(payment, 1201)
    assert money_back.reconcile_open() == [refund]
    assert [theirs.amount for theirs in at_stripe(payment)] == [700]
    assert Refund.objects.get().status == "succeeded"


def test_what_was_noted_before_the_process_died_is_asked_for(payment: Payment, clerk: User) -> None:
    Refund.objects.begin(payment, token=Refund().token, amount=700, reason="duplicate", note="", by=clerk)
    money_back.reconcile_open()
    assert (Refund.objects.get().status, len(at_stripe(payment))) == ("succeeded", 1)


@pytest.mark.django_db(transaction=True)
def test_a_reconciliation_in_the_very_moment_of_a_refund_makes_no_second_one(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    stripe_server.meanwhile = money_back.reconcile_open
    assert give_back(payment, 700).status == "succeeded"
    posts = [sent for sent in stripe_server.requests if sent.method == "POST"]
    assert len(posts) == 2
    assert len({sent.headers["Idempotency-Key"] for sent in posts}) == 1
    assert [theirs.amount for theirs in at_stripe(payment)] == [700]
    assert again(payment).refunded_amount == 700


def test_the_same_form_sent_again_after_silence_asks_again(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    token = Refund().token
    stripe_server.answers = [Answer(status=503)] * 3
    assert give_back(payment, 700, token=token).status == "created"
    assert give_back(payment, 700, token=token).status == "succeeded"
    assert len(at_stripe(payment)) == 1


def test_what_is_a_day_old_is_not_asked_for_again_but_given_up(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    stripe_server.answers = [Answer(status=503)] * 3
    refund = give_back(payment, 700)
    Refund.objects.update(created=timezone.now() - timedelta(hours=24))
    money_back.reconcile_open()
    refund.refresh_from_db()
    assert (refund.status, at_stripe(payment), again(payment).refunded_amount) == ("failed", [], 0)
    assert "never reached Stripe" in refund.problem


def test_a_silent_stripe_gives_up_nothing(payment: Payment, give_back: GiveBack, stripe_server: StripeServer) -> None:
    stripe_server.answers = [Answer(status=503)] * 3
    refund = give_back(payment, 700)
    Refund.objects.update(created=timezone.now() - timedelta(days=2))
    stripe_server.answers = [Answer(status=503)] * 3
    with pytest.raises(StripeUnreachable):
        refunds.settle_refund(refund)
    assert Refund.objects.get().status == "created"


def test_what_stripe_refuses_failed_and_can_be_refunded_anew(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    stripe_server.answers = [Answer(status=403, body=json.dumps({"error": {"message": "sk_test_x may not"}}))]
    refund = give_back(payment)
    assert (refund.status, again(payment).refunded_amount) == ("failed", 0)
    assert refund.problem == "Stripe did not accept it: look at the payment in Stripe's dashboard."
    assert give_back(payment).status == "succeeded"


def test_what_the_dashboard_has_refunded_meanwhile_is_learned_when_stripe_refuses(
    payment: Payment, give_back: GiveBack
) -> None:
    in_dashboard(payment, 1900)
    refund = give_back(payment, 700)
    assert (refund.status, refund.problem) == ("failed", "All of this payment had been refunded before.")
    assert (again(payment).refunded_amount, again(payment).order.refunded) == (1900, "fully")


def test_less_is_left_at_stripe_than_we_knew(payment: Payment, give_back: GiveBack) -> None:
    in_dashboard(payment, 1500)
    refund = give_back(payment, 700)
    assert "Less than that is left" in refund.problem
    assert again(payment).refundable_amount == 400


def test_a_refund_can_take_a_while(
    paid: Callable[..., Payment], usd_mug: Item, give_back: GiveBack, later: Later, carry_webhooks: Carry
) -> None:
    payment = paid(usd_mug, SLOW)
    refund = give_back(payment, 1000)
    assert (refund.status, again(payment).order.refunded) == ("pending", "partly")
    with pytest.raises(RefundRefused, match="Only USD\xa09.00"):
        give_back(payment, 901)
    later(11)
    assert set(carry_webhooks()) == {200}
    refund.refresh_from_db()
    assert refund.status == "succeeded"


def test_a_refund_that_fails_later_can_be_made_again(
    paid: Callable[..., Payment], usd_mug: Item, give_back: GiveBack, later: Later, carry_webhooks: Carry
) -> None:
    payment = paid(usd_mug, FAILS)
    refund = give_back(payment)
    assert (refund.status, again(payment).order.refunded) == ("succeeded", "fully")
    later(11)
    carry_webhooks()
    refund.refresh_from_db()
    assert (refund.status, refund.problem) == ("failed", "The bank sent it back: the card has expired or was canceled.")
    assert (again(payment).refunded_amount, again(payment).order.refunded) == (0, "not")
    assert give_back(payment).status == "succeeded"


@pytest.mark.parametrize("number", [SLOW, FAILS])
def test_with_the_webhooks_lost_a_reconciliation_learns_what_became_of_it(
    paid: Callable[..., Payment], usd_mug: Item, give_back: GiveBack, later: Later, number: str
) -> None:
    refund = give_back(paid(usd_mug, number))
    later(11)
    assert money_back.reconcile_open() == [refund]
    assert Refund.objects.get().status == {SLOW: "succeeded", FAILS: "failed"}[number]
    assert money_back.reconcile_open() == []


def test_an_old_answer_that_comes_late_changes_nothing(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    refund = give_back(payment)
    for status in ("pending", "requires_action"):
        stripe_server.refund_changes = {"status": status}
        assert refunds.settle(payment) == []
    stripe_server.refund_changes = {"status": "failed"}
    assert refunds.settle(payment) == [refund]
    stripe_server.refund_changes = {}
    assert refunds.settle(payment) == []
    assert Refund.objects.get().status == "failed"


def test_a_status_that_nobody_knows_yet_counts_as_under_way(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer
) -> None:
    stripe_server.refund_changes = {"status": "on_a_ship"}
    assert give_back(payment).status == "pending"
    stripe_server.refund_changes = {"status": "canceled"}
    refunds.settle(payment)
    assert (Refund.objects.get().status, again(payment).refunded_amount) == ("canceled", 0)


@pytest.mark.parametrize("change", [{"amount": 100}, {"currency": "eur"}, {"payment_intent": "pi_other"}])
def test_a_refund_of_another_amount_currency_or_payment_is_not_taken_for_ours(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer, change: Any
) -> None:
    stripe_server.refund_changes = change
    refund = give_back(payment, 700)
    assert refund.status == "created"
    assert "does not fit: expected pi_" in refund.problem
    assert again(payment).order.refunded == "not"
    assert refunds.settle(payment) == []


# --- From Stripe's dashboard --------------------------------------------------------------------------------


def test_a_refund_in_the_dashboard_flows_back(payment: Payment, carry_webhooks: Carry) -> None:
    refund_id = in_dashboard(payment, 500)
    assert set(carry_webhooks()) == {200}
    refund = Refund.objects.get()
    assert (refund.stripe_id, refund.amount, refund.status) == (refund_id, 500, "succeeded")
    assert (refund.requested_by, refund.note) == (None, "")
    assert (again(payment).refunded_amount, again(payment).order.refunded) == (500, "partly")


def test_with_its_webhooks_lost_a_reconciliation_finds_it(payment: Payment) -> None:
    in_dashboard(payment, 500)
    assert [refund.amount for refund in money_back.reconcile_open()] == [500]
    assert money_back.reconcile_open() == []


def test_an_account_that_cannot_be_asked_keeps_no_other_from_it(payment: Payment, stripe_server: StripeServer) -> None:
    in_dashboard(payment, 500)
    stripe_server.answers = [Answer(status=401, body=json.dumps({"error": {"message": "Invalid API Key"}}))]
    assert [refund.amount for refund in money_back.reconcile_open()] == [500]


def test_more_refunds_than_stripe_lists_at_once_are_all_found(payment: Payment, stripe_server: StripeServer) -> None:
    for _ in range(101):
        in_dashboard(payment, 1)
    assert len(refunds.settle(payment)) == 101
    assert {sent.secret_key for sent in stripe_server.requests} == {"sk_test_sandbox_usd"}
    assert again(payment).refunded_amount == 101


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_faster_than_the_answer_makes_no_second_refund(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer, carry_webhooks: Carry
) -> None:
    seen: list[Any] = []
    stripe_server.afterwards = lambda: seen.extend([*carry_webhooks(), Refund.objects.get().status])
    refund = give_back(payment, 700)
    assert (set(seen[:-1]), seen[-1]) == ({200}, "succeeded")
    assert (Refund.objects.count(), refund.status) == (1, "succeeded")
    assert again(payment).refunded_amount == 700


def test_the_dashboard_takes_the_rest_while_our_answer_is_lost(
    payment: Payment, give_back: GiveBack, stripe_server: StripeServer, carry_webhooks: Carry
) -> None:
    stripe_server.answers = [Answer(status=503)] * 3
    ours = give_back(payment, 700)
    in_dashboard(payment, 1900)
    assert set(carry_webhooks()) == {200}
    ours.refresh_from_db()
    assert (ours.status, ours.problem) == ("failed", "This money went back by Stripe's dashboard meanwhile.")
    assert again(payment).refunded_amount == 1900


# --- Many at once -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_form", [True, False])
def test_ten_who_refund_the_rest_at_once_refund_it_once(payment: Payment, give_back: GiveBack, same_form: bool) -> None:
    give_back(payment, 900)
    gate, token = threading.Barrier(10), Refund().token
    outcomes: list[int | None] = []

    def rest() -> None:
        try:
            gate.wait()
            refund = give_back(again(payment), 1000, **({"token": token} if same_form else {}))
            outcomes.append(refund.pk)
        except RefundRefused:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=rest) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 10
    assert len(set(outcomes) - {None}) == 1
    assert outcomes.count(None) == (0 if same_form else 9)
    assert [theirs.amount for theirs in at_stripe(payment)] == [1000, 900]
    assert again(payment).order.refunded == "fully"


@pytest.mark.django_db(transaction=True)
def test_ten_deliveries_of_one_refund_at_once_keep_it_once(payment: Payment) -> None:
    in_dashboard(payment, 500)
    problems: list[BaseException] = []

    def settle() -> None:
        try:
            refunds.settle(again(payment))
        except BaseException as error:  # noqa: BLE001
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=settle) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (problems, Refund.objects.count(), again(payment).refunded_amount) == ([], 1, 500)


def test_the_account_of_a_user_who_refunded_is_kept(payment: Payment, give_back: GiveBack, clerk: User) -> None:
    give_back(payment)
    with pytest.raises(ProtectedError):
        clerk.delete()


def test_a_refund_that_stripe_failed_at_is_asked_for_by_another_key(
    payment: Payment, give_back: Callable[..., Refund], stripe_server: StripeServer
) -> None:
    """Stripe answers its own 500 again to the same idempotency key, for a day: until it is given up."""
    failure = json.dumps({"error": {"type": "api_error", "message": "Something went wrong"}})
    key_that_failed: set[str] = set()
    original = stripe_server.answer

    def failing_once(request: Any) -> Any:
        if request.method == "POST" and request.path == "/v1/refunds":
            key = request.headers["Idempotency-Key"]
            if not key_that_failed or key in key_that_failed:
                key_that_failed.add(key)
                return 500, failure
        return original(request)

    stripe_server.answer = failing_once  # type: ignore[method-assign]
    give_back(payment, 100)
    money_back.reconcile_open()
    assert Refund.objects.get().status == "created"
    Refund.objects.update(changed=timezone.now() - timedelta(minutes=6))
    money_back.reconcile_open()
    assert Refund.objects.get().status == "succeeded"
    assert len(key_that_failed) == 1
