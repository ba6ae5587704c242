"""Stripe tells the shop what happened; anybody else who tries is turned away."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from stripe import WebhookSignature

from payments.models import Item, Order, Payment, StripeEvent
from payments.tests.conftest import post_signed
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_settling import at_once

USD_SECRET = "whsec_sandbox_usd"
SendEvent = Callable[..., Any]
Pay = Callable[..., Any]


@pytest.fixture
def paid_session(client: Client, usd_mug: Item, pay: Pay) -> dict[str, Any]:
    """A Checkout Session that was paid at Stripe, of which the shop has not heard."""
    pay(client.get(f"/buy/{usd_mug.pk}").json()["url"])
    payment = Payment.objects.get()
    return session_of(payment)


def session_of(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.checkout_session_id,
        "object": "checkout.session",
        "livemode": False,
        "currency": payment.currency.lower(),
        "amount_total": payment.amount,
        "client_reference_id": str(payment.order.uuid),
        "metadata": {"payment": str(payment.pk)},
        "url": None,
    }


def event_of(session: dict[str, Any]) -> dict[str, Any]:
    return {"id": "evt_1", "type": "checkout.session.completed", "livemode": False, "data": {"object": session}}


def status() -> str:
    return Order.objects.get().status


def outcome() -> tuple[str, str]:
    record = StripeEvent.objects.get()
    return record.outcome, record.problem


def test_a_signed_event_settles_the_order_and_is_kept(paid_session: dict[str, Any], send_event: SendEvent) -> None:
    assert send_event(paid_session).status_code == 200
    record = StripeEvent.objects.get()
    assert status() == "paid"
    assert (record.event_id, record.account, record.outcome) == ("evt_1", "pk_test_sandbox_usd", "settled")


def test_an_event_that_comes_again_does_nothing(
    paid_session: dict[str, Any], send_event: SendEvent, stripe_server: StripeServer
) -> None:
    assert [send_event(paid_session).status_code for _ in range(3)] == [200, 200, 200]
    assert StripeEvent.objects.count() == 1
    assert len(stripe_server.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_that_comes_ten_times_at_once_is_kept_once_and_settles_once(
    usd_mug: Item, pay: Pay, caplog: Any
) -> None:
    caplog.set_level("INFO", "payments.fulfillment")
    pay(Client().get(f"/buy/{usd_mug.pk}").json()["url"])
    event = json.dumps(event_of(session_of(Payment.objects.get())))
    answers: list[int] = []
    assert at_once(10, lambda: answers.append(post_signed(Client(), event, USD_SECRET).status_code)) == []
    assert answers == [200] * 10
    assert (status(), outcome()) == ("paid", ("settled", ""))
    assert caplog.text.count("is paid:") == 1


@pytest.mark.parametrize("type", ["checkout.session.completed", "payment_intent.succeeded", "customer.created"])
def test_an_event_about_nothing_of_ours_is_kept_and_done_by_one_query(
    db: None, send_event: SendEvent, type: str, django_assert_num_queries: Any
) -> None:
    """It is written once, with what became of it."""
    with django_assert_num_queries(1):
        assert send_event({"id": "cs_elsewhere", "metadata": {"payment": "7"}}, type=type).status_code == 200
    record = StripeEvent.objects.get()
    assert record.outcome == ("ignored" if type == "customer.created" else "not_ours")
    assert (record.object_id, record.problem, record.failures, record.last_failure) == ("cs_elsewhere", "", 0, "")
    assert (record.livemode, record.was_fetched, record.is_cut_down, record.failed_at) == (False, False, False, None)
    assert record.received == record.changed
    assert abs(record.received - timezone.now()) < timedelta(minutes=1)
    assert json.loads(record.payload)["data"]["object"]["id"] == "cs_elsewhere"
    with django_assert_num_queries(2):
        assert send_event({"id": "cs_elsewhere"}, type=type).status_code == 200


def test_an_event_that_settles_an_order_needs_few_queries(
    paid_session: dict[str, Any], send_event: SendEvent, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(15):
        assert send_event(paid_session).status_code == 200
    assert status() == "paid"


def test_an_event_is_only_a_trigger_and_stripe_is_asked(client: Client, usd_mug: Item, send_event: SendEvent) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    claims_to_be_paid = session_of(Payment.objects.get()) | {"status": "complete", "payment_status": "paid"}
    assert send_event(claims_to_be_paid).status_code == 200
    assert status() == "pending"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount_total": 1}, "another amount"),
        ({"currency": "eur"}, "another currency"),
        ({"livemode": True}, "another livemode"),
        ({"amount_total": None}, "another amount"),
        ({"livemode": []}, "another livemode"),
    ],
)
def test_an_event_with_another_amount_currency_or_mode_pays_nothing_and_is_reported(
    paid_session: dict[str, Any], send_event: SendEvent, change: dict[str, Any], problem: str, caplog: Any
) -> None:
    assert send_event(paid_session | change).status_code == 200
    assert status() == "pending"
    assert outcome()[0] == "refused"
    assert problem in outcome()[1]
    assert problem in caplog.text


def test_an_event_of_another_account_pays_nothing_and_is_reported(
    paid_session: dict[str, Any], send_event: SendEvent
) -> None:
    assert send_event(paid_session, currency="EUR").status_code == 200
    assert status() == "pending"
    assert outcome() == ("refused", "It comes from another account than the payment is of.")


def test_staff_reads_in_its_language_why_an_event_was_refused(
    paid_session: dict[str, Any], send_event: SendEvent, admin_client: Client
) -> None:
    send_event(paid_session, currency="EUR")
    page = admin_client.get("/admin/payments/stripeevent/", headers={"Accept-Language": "de"}).content.decode()
    assert "Es kommt aus einem anderen Konto als die Zahlung." in page


def test_an_event_in_another_livemode_pays_nothing(paid_session: dict[str, Any], send_event: SendEvent) -> None:
    assert send_event(paid_session, livemode=True).status_code == 200
    assert (status(), outcome()[0]) == ("pending", "refused")


def test_an_event_about_another_session_with_our_metadata_pays_nothing(
    paid_session: dict[str, Any], send_event: SendEvent
) -> None:
    assert send_event(paid_session | {"id": "cs_test_another"}).status_code == 200
    assert (status(), outcome()) == ("pending", ("refused", "It is about another Checkout Session."))


def test_an_event_finds_the_payment_whose_session_was_not_noted(
    paid_session: dict[str, Any], send_event: SendEvent
) -> None:
    """The process ended between Stripe's answer and the note of it."""
    Payment.objects.update(status="created", checkout_session_id="", url="")
    assert send_event(paid_session).status_code == 200
    assert status() == "paid"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "cs_test_foreign", "metadata": {}},
        {"id": "cs_test_foreign", "metadata": None},
        {"id": "cs_test_foreign", "metadata": {"payment": "9" * 40}},
        {"id": "cs_test_foreign", "metadata": {"payment": "x"}},
        {"id": "cs_test_foreign", "client_reference_id": "another shop's"},
        {"id": "cs_test_foreign", "metadata": {"payment": "9" * 5000}},
        {"id": "cs_test_foreign", "metadata": {"payment": "1\ud800"}},
        {"id": "cs_test_\0"},
        {"id": "cs_test_\ud800"},
        {"id": "c" * 300},
        {"id": None},
        {"id": ["cs"]},
    ],
)
def test_an_event_about_another_shop_on_the_same_account_is_left_alone(
    paid_session: dict[str, Any], send_event: SendEvent, change: dict[str, Any]
) -> None:
    assert send_event(paid_session | change).status_code == 200
    assert (status(), outcome()) == ("pending", ("not_ours", ""))


def test_an_unknown_event_type_is_accepted(client: Client, db: None, send_event: SendEvent) -> None:
    assert send_event({"id": "cus_1"}, type="customer.created").status_code == 200
    assert outcome() == ("ignored", "")


def test_an_event_that_cannot_be_worked_on_now_is_kept_and_asked_for_again(
    paid_session: dict[str, Any], send_event: SendEvent, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [Answer(500)] * 3
    assert send_event(paid_session).status_code == 503
    assert outcome() == ("received", "stripe_unreachable")
    assert send_event(paid_session).status_code == 200
    assert (status(), outcome()) == ("paid", ("settled", ""))


def test_both_secrets_work_while_one_is_rolled(client: Client, paid_session: dict[str, Any], settings: Any) -> None:
    ring = settings.STRIPE_KEYPAIRS
    usd = type(ring["USD"])("USD", "pk_test_sandbox_usd", "sk_test_sandbox_usd", ("whsec_new", "whsec_old"))
    settings.STRIPE_KEYPAIRS = {**ring, "USD": usd}
    event = event_of(paid_session)
    assert post_signed(client, json.dumps(event), "whsec_old").status_code == 200
    assert post_signed(client, json.dumps(event | {"id": "evt_2"}), "whsec_new").status_code == 200
    assert post_signed(client, json.dumps(event | {"id": "evt_3"}), "whsec_gone").status_code == 400
    assert status() == "paid"


EVENT = json.dumps({"id": "evt_1", "type": "x", "livemode": False, "data": {"object": {}}})


def signed(body: str, timestamp: int | None = None) -> str:
    header: str = WebhookSignature.generate_signature_header(body, USD_SECRET, timestamp)
    return header


@pytest.mark.django_db
@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=,v1=",
        "t=abc,v1=abc",
        f"t={int(time.time())}",
        f"t={int(time.time())},v1=" + "0" * 64,
        f"t={int(time.time())},v1=é",
        "t=1,t=2,v1=x",
        "t=" + "9" * 5000 + ",v1=x",
        ",,,===",
        signed(EVENT, int(time.time()) - 3600),
        signed(EVENT, int(time.time()) + 3600),
        signed(EVENT + " "),
    ],
)
def test_a_bad_signature_is_400(client: Client, signature: str) -> None:
    response = client.post("/webhooks/stripe", EVENT, "application/json", HTTP_STRIPE_SIGNATURE=signature)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_event")
    assert not StripeEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "1",
        "{}",
        "{",
        "[" * 20000,
        json.dumps({"id": 1, "type": "x", "livemode": False, "data": {"object": {}}}),
        json.dumps({"id": "evt", "type": "x", "livemode": "no", "data": {"object": {}}}),
        json.dumps({"id": "evt", "type": "x", "livemode": False, "data": []}),
        json.dumps({"id": "evt", "type": "x", "livemode": False, "data": {"object": []}}),
        json.dumps({"id": "evt\0", "type": "x", "livemode": False, "data": {"object": {}}}),
        json.dumps({"id": "evt\ud800", "type": "x", "livemode": False, "data": {"object": {}}}),
        json.dumps({"id": "e" * 300, "type": "x", "livemode": False, "data": {"object": {}}}),
        json.dumps({"id": "evt", "type": "x\0", "livemode": False, "data": {"object": {}}}),
    ],
)
def test_a_signed_body_that_is_no_event_is_400(client: Client, body: str) -> None:
    assert post_signed(client, body, USD_SECRET).status_code == 400


@pytest.mark.django_db
def test_a_body_that_is_not_utf_8_is_400(client: Client) -> None:
    signature = signed("{}")
    response = client.post("/webhooks/stripe", b"\xff\xfe", "application/json", headers={"Stripe-Signature": signature})
    assert response.status_code == 400


@pytest.mark.django_db
def test_a_huge_body_is_refused(client: Client) -> None:
    assert post_signed(client, json.dumps({"x": "y" * 2_000_000}), USD_SECRET).status_code == 400


@pytest.mark.django_db
def test_the_body_is_verified_as_it_came(client: Client) -> None:
    """The same JSON, written differently, is another body."""
    response = client.post(
        "/webhooks/stripe",
        json.dumps(json.loads(EVENT), indent=1),
        "application/json",
        headers={"Stripe-Signature": signed(EVENT)},
    )
    assert response.status_code == 400


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_post_is_allowed(client: Client, method: str) -> None:
    assert getattr(client, method)("/webhooks/stripe").status_code == 405


def test_an_event_of_an_account_whose_publishable_key_was_rolled_settles(
    paid_session: dict[str, Any], send_event: SendEvent
) -> None:
    Payment.objects.update(publishable_key="pk_test_before_it_was_rolled")
    assert send_event(paid_session).status_code == 200
    assert status() == "paid"


def test_an_event_about_a_payment_whose_keys_are_gone_is_asked_for_again(
    paid_session: dict[str, Any], send_event: SendEvent, settings: Any
) -> None:
    settings.STRIPE_KEYPAIRS = {code: pair for code, pair in settings.STRIPE_KEYPAIRS.items() if code != "USD"}
    assert send_event(paid_session, currency="EUR").status_code == 503
    assert (status(), outcome()) == ("pending", ("received", "no_keypair"))


@pytest.mark.parametrize("type", ["checkout.session.completed", "checkout.session.expired"])
def test_an_event_about_a_session_whose_answer_was_lost_is_worked_on(
    paid_session: dict[str, Any], send_event: SendEvent, type: str
) -> None:
    Payment.objects.update(status="failed", checkout_session_id="", url="")
    assert send_event(paid_session, type=type).status_code == 200
    assert status() == "paid"
