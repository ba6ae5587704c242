"""`manage.py reconcile` makes the shop agree with Stripe, whatever did not arrive."""

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from payments import checkout, intents, refunds, webhooks
from payments.errors import KeyNotAccepted
from payments.gateway import api
from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for, retired_keypair
from payments.models import Discount, Item, Order, Payment, ReadEvents, Refund, StripeEvent
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_paying_here import pay_here
from payments.tests.test_settling import at_once

Pay = Callable[..., Any]
SHOP = "http://testserver"


def reconcile() -> str:
    out = StringIO()
    call_command("reconcile", stdout=out, stderr=out)
    return out.getvalue()


def reconcile_what_can_be() -> None:
    with contextlib.suppress(CommandError):
        reconcile()


@pytest.fixture(autouse=True)
def retries_without_delay(monkeypatch: Any) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)


def bought(item: Item, visitor: str = "somebody") -> Payment:
    order = Order.objects.for_item(item, quantity=1, visitor=visitor)
    payment = checkout.open_session(order=order, origin=SHOP)
    assert payment is not None
    return payment


def hours_pass(hours: float = 2) -> None:
    ago = timezone.now() - timedelta(hours=hours)
    Payment.objects.update(created=ago, checked_at=None)


def statuses() -> list[str]:
    return list(Order.objects.order_by("id").values_list("status", flat=True))


def test_what_was_paid_while_every_webhook_was_lost_is_settled(usd_mug: Item, eur_mug: Item, pay: Pay) -> None:
    for item in (usd_mug, eur_mug):
        pay(bought(item).url, webhook="lose")
    assert statuses() == ["pending", "pending"]
    told = reconcile()
    assert statuses() == ["paid", "paid"]
    assert "events fetched that the account for USD could not deliver" in told
    assert all(StripeEvent.objects.values_list("was_fetched", flat=True))
    assert reconcile() == ""


def test_an_event_that_was_fetched_is_not_fetched_again(usd_mug: Item, pay: Pay, stripe_server: StripeServer) -> None:
    pay(bought(usd_mug).url, webhook="lose")
    reconcile()
    ReadEvents.objects.update(until=timezone.now() + timedelta(minutes=5))
    stripe_server.requests.clear()
    reconcile()
    asked = {sent.path.split("?")[0] for sent in stripe_server.requests}
    assert asked == {"/v1/events", "/v1/refunds", "/v1/disputes"}
    assert StripeEvent.objects.filter(type="checkout.session.completed").count() == 1


def test_a_payment_of_which_stripe_has_no_event_left_is_read_again(usd_mug: Item, pay: Pay) -> None:
    payment = bought(usd_mug)
    pay(payment.url, webhook="lose")
    key = keypair_for("USD").publishable_key
    forget_events = partial(ReadEvents.objects.update_or_create, account=key)
    forget_events(defaults={"until": timezone.now() + timedelta(days=1)})
    assert (reconcile(), statuses()) == ("", ["pending"])
    forget_events(defaults={"until": timezone.now() + timedelta(days=1)})
    hours_pass()
    assert f"payment {payment.pk} of order {payment.order_id}: was open, is paid" in reconcile()
    assert statuses() == ["paid"]


def test_what_nobody_paid_in_time_is_released(usd_mug: Item) -> None:
    Item.objects.update(stock=3)
    payment = bought(usd_mug)
    api.expire_checkout_session(keypair_for("USD"), payment.checkout_session_id)
    hours_pass()
    reconcile()
    payment.refresh_from_db()
    assert (payment.status, Item.objects.get().stock) == ("expired", 3)


def test_an_intent_that_nobody_paid_in_a_day_is_canceled(usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    payment = intents.open_intent(order=order)
    assert payment is not None
    hours_pass(23)
    reconcile()
    assert api.retrieve_payment_intent(keypair_for("USD"), payment.payment_intent_id).is_open
    hours_pass(25)
    reconcile()
    assert api.retrieve_payment_intent(keypair_for("USD"), payment.payment_intent_id).status == "canceled"
    order.refresh_from_db()
    assert order.is_payable


def test_a_discount_that_was_stopped_takes_nothing_off_by_an_intent_opened_before(usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.give_discount(Discount.objects.create(name="Once", percent=Decimal(10), maximum_uses=1))
    payment = intents.open_intent(order=order)
    assert payment is not None
    Discount.objects.update(active=False)
    hours_pass(1)
    reconcile()
    here = {"client_secret": payment.client_secret, "publishable_key": payment.publishable_key, "currency": "USD"}
    assert "error" in pay_here(here)


def test_a_payment_that_never_reached_stripe_is_given_up_and_gives_back_what_it_held(usd_mug: Item) -> None:
    Item.objects.update(stock=3)
    bought(usd_mug)
    Payment.objects.update(status="created", checkout_session_id="", url="")
    hours_pass(0.2)
    reconcile()
    assert (Payment.objects.get().status, Item.objects.get().stock) == ("failed", 3)


def test_stock_that_a_process_held_when_it_ended_is_given_back(usd_mug: Item) -> None:
    Item.objects.update(stock=3)
    bought(usd_mug).mark_expired()
    assert Item.objects.get().stock == 2
    assert "stock of order" in reconcile()
    assert Item.objects.get().stock == 3


def test_what_could_not_be_closed_when_the_order_was_paid_is_closed_later(usd_mug: Item, pay: Pay) -> None:
    """Two are open at Stripe, as when the first was said to be closed and was not."""
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    intent = intents.open_intent(order=order)
    assert intent is not None
    Payment.objects.update(status="expired")
    page = bought(usd_mug)
    pay(page.url, webhook="lose")
    Payment.objects.filter(pk=intent.pk).update(status="open")
    Order.objects.get().mark_paid()
    Payment.objects.filter(pk=page.pk).update(status="paid")
    hours_pass()
    reconcile()
    assert api.retrieve_payment_intent(keypair_for("USD"), intent.payment_intent_id).status == "canceled"


def test_a_coupon_that_could_not_be_retired_when_staff_edited_the_discount_is_retired(usd_mug: Item) -> None:
    discount = Discount.objects.create(name="Ten percent off", percent=Decimal(10))
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.give_discount(discount)
    checkout.open_session(order=order, origin=SHOP)
    discount.delete()
    assert "1 coupons and tax rates retired" in reconcile()
    assert client_for(keypair_for("USD")).v1.coupons.list({"limit": 10}).data == []


def test_an_event_that_could_not_be_worked_on_is_tried_again(
    usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers = [Answer(500)] * 30
    assert set(carry_webhooks()) == {503}
    waiting = StripeEvent.objects.get(type="checkout.session.completed")
    assert (waiting.outcome, waiting.problem, waiting.failures) == ("received", "stripe_unreachable", 1)
    stripe_server.answers = []
    assert "2 events of the account for USD worked on that had waited" in reconcile()
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.problem, statuses()) == ("settled", "", ["paid"])


def test_an_event_that_waits_is_tried_again_though_stripe_takes_it_for_delivered(
    usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]]
) -> None:
    pay(bought(usd_mug).url, webhook="deliver")
    carry_webhooks()
    StripeEvent.objects.update(outcome="received")
    assert "2 events of the account for USD worked on that had waited" in reconcile()
    assert set(StripeEvent.objects.values_list("outcome", flat=True)) == {"settled", "ignored"}


def test_with_one_account_down_the_others_are_reconciled_and_the_command_fails(
    usd_mug: Item, eur_mug: Item, pay: Pay, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    for item in (usd_mug, eur_mug):
        pay(bought(item).url, webhook="lose")
    original = stripe_server.answer

    def without_eur(request: Any) -> Any:
        if "sandbox_eur" in request.headers.get("Authorization", ""):
            return 500, '{"error": {"type": "api_error", "message": "down"}}'
        return original(request)

    stripe_server.answer = without_eur  # type: ignore[method-assign]
    errors = StringIO()
    with pytest.raises(CommandError, match="Not everything could be looked at"):
        call_command("reconcile", stdout=StringIO(), stderr=errors)
    assert statuses() == ["paid", "pending"]
    assert "not now: events of the account for EUR (stripe_unreachable)" in errors.getvalue()


def test_a_silent_account_is_asked_once_and_not_for_each_of_its_payments(
    usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    for visitor in "abcdef":
        bought(usd_mug, visitor)
    hours_pass()
    stripe_server.requests.clear()
    stripe_server.answers = [Answer(500)] * 100
    with pytest.raises(CommandError):
        reconcile()
    assert len([sent for sent in stripe_server.requests if "sessions" in sent.path]) == 3


def test_payments_of_a_retired_account_are_still_settled(usd_mug: Item, pay: Pay, settings: Any) -> None:
    payment = bought(usd_mug)
    pay(payment.url, webhook="lose")
    settings.STRIPE_RETIRED_KEYPAIRS = [
        retired_keypair("USD", "pk_test_sandbox_usd:sk_test_sandbox_usd:whsec_sandbox_usd")
    ]
    settings.STRIPE_KEYPAIRS = {code: pair for code, pair in settings.STRIPE_KEYPAIRS.items() if code != "USD"}
    assert "the retired account for USD" in reconcile()
    assert statuses() == ["paid"]


@pytest.mark.django_db(transaction=True)
def test_run_in_four_places_at_once_it_does_everything_once(usd_mug: Item, pay: Pay) -> None:
    for visitor in "abcdefgh":
        pay(bought(usd_mug, visitor).url, webhook="lose")
    hours_pass()

    def run() -> None:
        reconcile()

    assert at_once(4, run) == []
    assert statuses() == ["paid"] * 8
    assert set(Payment.objects.values_list("status", flat=True)) == {"paid"}


def test_payments_that_wait_are_read_seldom(usd_mug: Item, stripe_server: StripeServer) -> None:
    bought(usd_mug)
    hours_pass(2)
    for _ in range(3):
        reconcile()
    assert len([sent for sent in stripe_server.requests if sent.method == "GET" and "sessions" in sent.path]) == 1


def test_what_tells_of_a_person_is_left_out_of_events_after_a_while(
    usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]], settings: Any
) -> None:
    pay(bought(usd_mug).url, webhook="deliver")
    carry_webhooks()
    assert "shopper@example.com" in StripeEvent.objects.get(type="checkout.session.completed").payload
    reconcile()
    assert "shopper@example.com" in StripeEvent.objects.get(type="checkout.session.completed").payload
    StripeEvent.objects.update(received=timezone.now() - timedelta(days=settings.EVENT_PAYLOAD_DAYS, minutes=1))
    assert "left without what tells of a person" in reconcile()
    for event in StripeEvent.objects.all():
        assert "shopper@example.com" not in event.payload
        assert json.loads(event.payload)["data"]["object"]["id"] == event.object_id


def test_a_mistake_of_ours_with_one_thing_keeps_no_other_from_being_done(usd_mug: Item) -> None:
    """Here it is a row that nobody can read; the mails come last."""
    StripeEvent.objects.create(
        account="pk_test_sandbox_usd", event_id="evt_1", type="x", livemode=False, outcome="ignored", payload="{"
    )
    StripeEvent.objects.update(received=timezone.now() - timedelta(days=40))
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    order.note_email("shopper@example.com")
    order.mark_paid()
    out = StringIO()
    with pytest.raises(CommandError, match="Not everything could be looked at"):
        call_command("reconcile", stdout=out, stderr=out)
    assert "1 mails sent that had waited" in out.getvalue()
    assert "not now: a part of the work (JSONDecodeError): the log says more" in out.getvalue()


def test_an_event_without_what_tells_of_a_person_can_still_be_worked_on(
    usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]], stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers = [Answer(500)] * 30
    carry_webhooks()
    StripeEvent.objects.update(received=timezone.now() - timedelta(days=90))
    StripeEvent.objects.all().cut_down(received_before=timezone.now())
    stripe_server.answers = []
    reconcile()
    assert statuses() == ["paid"]


@pytest.mark.parametrize("event_is_left", [True, False])
def test_a_refund_made_at_stripe_whose_webhook_was_lost_is_told(usd_mug: Item, pay: Pay, event_is_left: bool) -> None:
    payment = bought(usd_mug)
    pay(payment.url, webhook="lose")
    reconcile()
    payment.refresh_from_db()
    stripe = client_for(keypair_for("USD"))
    stripe.v1.refunds.create({"payment_intent": payment.payment_intent_id, "amount": 500})
    if not event_is_left:
        ReadEvents.objects.update(until=timezone.now() + timedelta(days=1))
    assert ("events fetched" if event_is_left else "Refund") in reconcile()
    payment.refresh_from_db()
    assert payment.refunded_amount == 500


def test_an_account_that_refuses_its_key_is_not_asked_for_each_payment(
    usd_mug: Item, stripe_server: StripeServer
) -> None:
    for visitor in "abcdef":
        bought(usd_mug, visitor)
    hours_pass()
    stripe_server.expired_keys = {"sk_test_sandbox_usd"}
    stripe_server.requests.clear()
    with pytest.raises(CommandError):
        reconcile()
    assert len([sent for sent in stripe_server.requests if "sessions" in sent.path]) == 1


def test_an_account_that_refuses_its_key_is_not_asked_for_each_event_that_waits(
    usd_mug: Item, pay: Pay, carry_webhooks: Any, stripe_server: StripeServer
) -> None:
    for visitor in "abcdef":
        pay(bought(usd_mug, visitor).url, webhook="deliver")
    stripe_server.expired_keys = {"sk_test_sandbox_usd"}
    carry_webhooks()
    assert StripeEvent.objects.waiting().count() >= 6
    # On a slow machine the courier has come twice, and then they would rest for a while.
    StripeEvent.objects.update(failures=1)
    stripe_server.requests.clear()
    keypair = keypair_for("USD")
    with pytest.raises(KeyNotAccepted):
        webhooks.work_on_waiting(keypair)
    assert len(stripe_server.requests) == 1


def test_an_event_whose_object_stripe_cannot_tell_keeps_no_other_waiting(
    usd_mug: Item, pay: Pay, carry_webhooks: Any, stripe_server: StripeServer
) -> None:
    sick, well = bought(usd_mug, "sick"), bought(usd_mug, "well")
    for payment in (sick, well):
        pay(payment.url, webhook="deliver")
    stripe_server.answers_at = {"/v1/checkout/sessions/": Answer(500)}
    carry_webhooks()
    stripe_server.answers_at = {f"/v1/checkout/sessions/{sick.checkout_session_id}": Answer(500)}
    for _ in range(5):
        reconcile_what_can_be()
    assert statuses() == ["pending", "paid"]


def test_a_strange_event_in_the_list_of_the_undelivered_stops_nothing(
    usd_mug: Item, eur_mug: Item, pay: Pay, stripe_server: StripeServer
) -> None:
    for item in (usd_mug, eur_mug):
        pay(bought(item).url, webhook="lose")
    original = stripe_server.answer

    def with_a_strange_one(request: Any) -> Any:
        status, body = original(request)
        if request.path.startswith("/v1/events") and "usd" in request.secret_key:
            values = json.loads(body)
            values["data"].append({**values["data"][-1], "id": "evt_" + "x" * 200})
            body = json.dumps(values)
        return status, body

    stripe_server.answer = with_a_strange_one  # type: ignore[method-assign]
    reconcile()
    assert statuses() == ["paid", "paid"]


def test_that_refunds_could_not_be_looked_at_is_said(usd_mug: Item, pay: Pay, stripe_server: StripeServer) -> None:
    pay(bought(usd_mug).url, webhook="lose")
    reconcile()
    stripe_server.answers_at = {"/v1/refunds": Answer(500)}
    with pytest.raises(CommandError):
        reconcile()


def test_a_refund_that_stripe_cannot_tell_keeps_no_other_waiting(
    usd_mug: Item, pay: Pay, stripe_server: StripeServer, admin_user: Any
) -> None:
    both = [bought(usd_mug, visitor) for visitor in "ab"]
    for payment in both:
        pay(payment.url, webhook="lose")
    reconcile()
    stripe_server.answers_at = {"/v1/refunds": Answer(500)}
    for payment in both:
        payment.refresh_from_db()
        refunds.refund(payment=payment, amount=100, reason="duplicate", note="", by=admin_user)
    sick = Refund.objects.first()
    assert sick
    stripe_server.answers_at = {}
    path = f"payment_intent={sick.payment.payment_intent_id}"
    original = stripe_server.answer
    stripe_server.answer = lambda request: (  # type: ignore[method-assign]
        (500, "{}") if path in request.path + request.body else original(request)
    )
    # They come in another order each time.
    for _ in range(40):
        if not Refund.objects.filter(status="succeeded").exists():
            reconcile_what_can_be()
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["created", "succeeded"]


def test_a_refund_that_is_given_up_is_told_loudly(
    usd_mug: Item, pay: Pay, stripe_server: StripeServer, admin_user: Any, caplog: Any
) -> None:
    payment = bought(usd_mug)
    pay(payment.url, webhook="lose")
    reconcile()
    payment.refresh_from_db()
    stripe_server.answers = [Answer(status=503)] * 3
    refunds.refund(payment=payment, amount=100, reason="duplicate", note="", by=admin_user)
    Refund.objects.update(created=timezone.now() - timedelta(hours=24))
    caplog.clear()
    reconcile()
    assert Refund.objects.get().status == "failed"
    assert any(record.levelname == "ERROR" for record in caplog.records)


def test_a_key_that_may_not_list_events_works_on_those_that_came(
    usd_mug: Item, pay: Pay, carry_webhooks: Callable[[], list[int]], stripe_server: StripeServer
) -> None:
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers_at = {"/v1/checkout": Answer(500)}
    carry_webhooks()
    stripe_server.answers_at = {"/v1/events": Answer(403, '{"error": {"message": "This key may not"}}')}
    reconcile_what_can_be()
    assert statuses() == ["paid"]


@pytest.mark.django_db(transaction=True)
def test_thousands_that_are_open_are_read_while_others_write(usd_mug: Item, stripe_server: StripeServer) -> None:
    bought(usd_mug)
    orders = Order.objects.bulk_create(Order(currency="USD") for _ in range(2100))
    known = {"publishable_key": "pk_test_sandbox_usd", "livemode": False, "currency": "USD", "amount": 100}
    Payment.objects.bulk_create(Payment(order=order, attempt=1, status="created", **known) for order in orders)
    hours_pass()

    def write() -> None:
        Item.objects.update(description="Holds coffee.")

    stripe_server.answer_at = lambda request: write() if "sessions" in request.path else None  # type: ignore
    reconcile()
    assert not Payment.objects.filter(status="created").exists()


def test_what_was_read_of_many_undelivered_events_is_kept_though_the_rest_cannot_be_read(
    usd_mug: Item, pay: Pay, stripe_server: StripeServer
) -> None:
    """All are read before the first is kept: an account with 30 days of them begins anew each time."""
    for number in range(60):
        pay(bought(usd_mug, str(number)).url, webhook="lose")
    original = stripe_server.answer

    def first_page_only(request: Any) -> Any:
        if request.path.startswith("/v1/events") and "starting_after" in request.path:
            return 500, "{}"
        return original(request)

    stripe_server.answer = first_page_only  # type: ignore[method-assign]
    with pytest.raises(CommandError):
        reconcile()
    assert StripeEvent.objects.exists()


def test_events_that_wait_for_a_keypair_that_is_gone_are_told_of(
    usd_mug: Item, pay: Pay, carry_webhooks: Any, stripe_server: StripeServer
) -> None:
    """The publishable key was rolled while they waited: no run comes to them, and none says so."""
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers_at = {"/v1/checkout": Answer(500)}
    carry_webhooks()
    stripe_server.answers_at = {}
    StripeEvent.objects.update(account="pk_test_sandbox_before")
    reconcile_what_can_be()
    with pytest.raises(CommandError):
        reconcile()


def test_an_event_that_failed_for_days_is_not_tried_each_minute(
    usd_mug: Item, pay: Pay, carry_webhooks: Any, stripe_server: StripeServer
) -> None:
    pay(bought(usd_mug).url, webhook="deliver")
    stripe_server.answers_at = {"/v1/checkout": Answer(403)}
    carry_webhooks()
    StripeEvent.objects.update(received=timezone.now() - timedelta(days=5), failures=5000, failed_at=timezone.now())
    stripe_server.requests.clear()
    reconcile_what_can_be()
    assert [sent for sent in stripe_server.requests if "sessions" in sent.path] == []
