"""A shopper pays on the shop's own page: `/order/<uuid>/intent` opens a PaymentIntent in the right account."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from payments import fulfillment, intents
from payments.errors import OrderClosed
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Discount, Item, Order, Payment, StripeEvent
from payments.tests.stripe_server import Answer, StripeServer
from payments.tests.test_settling import at_once

Pay = Callable[..., Any]
SendEvent = Callable[..., Any]
JSON = {"Accept": "application/json"}
PAYS, DECLINES = "4242 4242 4242 4242", "4000 0000 0000 0002"


@pytest.fixture
def order(usd_mug: Item) -> Order:
    order: Order = Order.objects.for_item(usd_mug, quantity=2, visitor="somebody")
    return order


def ask(client: Client, order: Order) -> Any:
    return client.post(f"/order/{order.uuid}/intent")


def pay_here(answer: dict[str, Any], number: str = PAYS, webhook: str = "lose", bank: str = "at_once") -> Any:
    """Give the card to the stand-in, as the Payment Element does."""
    card = {"number": number, "expiry": "12 / 34", "cvc": "123", "webhook": webhook, "bank": bank}
    sent = {"key": answer["publishable_key"], "client_secret": answer["client_secret"], **card}
    return Client().post(f"/sandbox/payment_intents/{intent_id(answer)}/confirm", sent).json()


def intent_id(answer: dict[str, Any]) -> str:
    return str(answer["client_secret"]).partition("_secret_")[0]


def come_back(client: Client, order: Order, answer: dict[str, Any]) -> str:
    page = client.get(f"/order/{order.uuid}/success", {"payment_intent": intent_id(answer)})
    assert page.status_code == 200
    return page.content.decode()


def status() -> str:
    return Order.objects.get().status


def statuses() -> list[tuple[str, str]]:
    return list(Payment.objects.order_by("attempt").values_list("method", "status"))


def status_at_stripe(answer: dict[str, Any]) -> str:
    return api.retrieve_payment_intent(keypair_for(answer["currency"]), intent_id(answer)).status


def acts(server: StripeServer) -> list[str]:
    """What the shop asked of Stripe: the method, and the last word of the address."""
    return [f"{sent.method} {sent.path.partition('?')[0].rsplit('/', 1)[1][:8]}" for sent in server.requests]


# --- What is answered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mug", "amount"), [("usd_mug", 3800), ("eur_mug", 3500), ("jpy_mug", 5600)])
def test_the_answer_has_the_secret_the_key_and_the_amount_of_the_currency(
    client: Client, request: Any, stripe_server: StripeServer, mug: str, amount: int
) -> None:
    item: Item = request.getfixturevalue(mug)
    answer = client.post(f"/intent/{item.pk}", {"quantity": "2"}, headers=JSON).json()
    order, code = Order.objects.get(), item.currency.lower()
    assert answer.pop("client_secret").startswith("pi_")
    assert answer == {
        "publishable_key": f"pk_test_sandbox_{code}",
        "amount": amount,
        "currency": item.currency,
        "order": str(order.uuid),
        "url": f"/order/{order.uuid}/pay",
    }
    sent = stripe_server.requests[0]
    assert sent.secret_key == f"sk_test_sandbox_{code}"
    assert (sent.params["amount"], sent.params["currency"]) == (str(amount), code)
    assert sent.params["metadata[order]"] == str(order.uuid)


def test_an_order_asked_for_again_has_the_same_open_intent(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    first, second = ask(client, order), ask(client, order)
    assert sorted(first.json()) == ["amount", "client_secret", "currency", "publishable_key"]
    assert first.json() == second.json()
    assert statuses() == [("intent", "open")]
    assert acts(stripe_server).count("POST payment_") == 1


def test_the_client_secret_is_not_kept(client: Client, order: Order) -> None:
    secret = ask(client, order).json()["client_secret"]
    (row,) = Payment.objects.values()
    assert secret not in str(row)


def test_the_answers_are_not_cached_and_not_indexed(client: Client, usd_mug: Item, order: Order) -> None:
    for response in (
        ask(client, order),
        client.get(f"/order/{order.uuid}/pay"),
        client.post(f"/intent/{usd_mug.pk}", headers=JSON),
        client.post(f"/order/{order.uuid}/intent/"),
    ):
        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]
        assert "noindex" in response["X-Robots-Tag"]


def test_a_form_is_answered_by_the_way_to_the_pay_page(client: Client, usd_mug: Item) -> None:
    response = client.post(f"/intent/{usd_mug.pk}", {"quantity": "2", "unit_amount": "1900"})
    assert (response.status_code, response["Location"]) == (303, f"/order/{Order.objects.get().uuid}/pay")
    client.post(f"/intent/{usd_mug.pk}", {"quantity": "2", "unit_amount": "1900"})
    assert Order.objects.count() == 1


def test_the_pay_page_shows_the_order_and_the_key_of_its_currency(client: Client, order: Order) -> None:
    page = client.get(f"/order/{order.uuid}/pay").content.decode()
    for text in ("Stoneware Mug", "Pay USD\xa038.00", 'data-publishable-key="pk_test_sandbox_usd"', "needs JavaScript"):
        assert text in page
    assert f'action="/order/{order.uuid}/checkout"' in page
    assert "sk_test" not in page


def test_item_page_and_order_page_lead_to_it(client: Client, usd_mug: Item, order: Order) -> None:
    assert f'formaction="/intent/{usd_mug.pk}"' in client.get(f"/item/{usd_mug.pk}").content.decode()
    assert f'href="/order/{order.uuid}/pay"' in client.get(f"/order/{order.uuid}").content.decode()


@pytest.mark.parametrize("state", ["paid", "processing"])
def test_the_pay_page_of_an_order_that_is_paid_or_under_way_leads_to_the_order(
    client: Client, order: Order, state: str
) -> None:
    order.mark_paid() if state == "paid" else order.mark_processing()
    response = client.get(f"/order/{order.uuid}/pay")
    assert (response.status_code, response["Location"]) == (303, f"/order/{order.uuid}")


def test_an_order_that_comes_to_nothing_is_complete_without_stripe(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    order.give_discount(Discount.objects.create(name="A gift", percent=100))
    assert client.get(f"/order/{order.uuid}/pay")["Location"] == f"/order/{order.uuid}"
    assert status() == "pending"
    answer = ask(client, order).json()
    assert answer == {"client_secret": None, "publishable_key": None, "amount": 0, "currency": "USD"}
    assert (status(), stripe_server.requests) == ("paid", [])


# --- What is refused ----------------------------------------------------------------------------------------------


def assert_refused(response: Any, status: int, code: str) -> None:
    error = response.json()["error"]
    assert (response.status_code, error["code"], sorted(error)) == (status, code, ["code", "message"])
    assert len(error["message"]) > 20
    assert "no-store" in response["Cache-Control"]


def post(client: Client, item: Item | str, **sent: str) -> Any:
    return client.post(f"/intent/{item if isinstance(item, str) else item.pk}", sent, headers=JSON)


def test_a_single_item_is_refused_as_by_buy(client: Client, usd_mug: Item, gbp_mug: Item) -> None:
    assert_refused(post(client, "999"), 404, "not_found")
    assert_refused(post(client, "abc"), 404, "not_found")
    assert_refused(post(client, usd_mug, quantity="0"), 422, "invalid_quantity")
    assert_refused(post(client, usd_mug, unit_amount="1"), 409, "price_changed")
    assert_refused(post(client, gbp_mug), 409, "no_keypair")
    Item.objects.update(price="0.10")
    assert_refused(post(client, usd_mug), 422, "amount_out_of_limits")
    Item.objects.update(on_sale=False)
    assert_refused(post(client, usd_mug), 409, "not_on_sale")
    assert not Order.objects.exists()
    assert "This item is not on sale" in client.post(f"/intent/{usd_mug.pk}").content.decode()


def test_only_post_opens_an_intent(client: Client, usd_mug: Item, order: Order) -> None:
    for address in (f"/intent/{usd_mug.pk}", f"/order/{order.uuid}/intent"):
        assert client.get(address).status_code == 405
    assert client.post(f"/order/{order.uuid}/pay").status_code == 405


@pytest.mark.django_db
def test_an_unknown_order_is_not_found(client: Client) -> None:
    assert client.get(f"/order/{uuid.uuid4()}/pay").status_code == 404
    assert client.post(f"/order/{uuid.uuid4()}/intent").status_code == 404


def test_a_paid_order_is_409(client: Client, order: Order) -> None:
    order.mark_paid()
    assert_refused(ask(client, order), 409, "order_closed")


def test_a_currency_whose_keypair_is_gone_is_409_in_words_and_in_json(
    client: Client, order: Order, settings: Any
) -> None:
    settings.STRIPE_KEYPAIRS = {}
    assert_refused(ask(client, order), 409, "no_keypair")
    page = client.get(f"/order/{order.uuid}/pay")
    assert page.status_code == 409
    assert f'href="/order/{order.uuid}"' in page.content.decode()


REFUSED = json.dumps({"error": {"type": "invalid_request_error", "message": "No such thing sk_test_oops", "code": "x"}})


@pytest.mark.parametrize("status", [400, 401, 402, 403])
def test_stripe_refusing_is_502_without_stripes_own_text(
    client: Client, order: Order, stripe_server: StripeServer, status: int
) -> None:
    stripe_server.answers = [Answer(status, REFUSED)]
    response = ask(client, order)
    assert_refused(response, 502, "stripe_refused")
    assert "No such thing" not in response.content.decode()


@pytest.mark.parametrize(
    "answer", [Answer(500), Answer(hang_up=True), Answer(200, "[]"), Answer(200, '{"id": "pi_1"}')]
)
def test_stripe_not_reachable_is_503_and_the_next_try_works(
    client: Client, order: Order, stripe_server: StripeServer, answer: Answer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [answer] * 3
    assert_refused(ask(client, order), 503, "stripe_unreachable")
    stripe_server.answers = []
    assert ask(client, order).status_code == 200
    assert statuses() == [("intent", "failed"), ("intent", "open")]


@pytest.mark.parametrize(
    "change",
    [{"amount": 1}, {"currency": "eur"}, {"livemode": True}, {"metadata": {}}],
    ids=["another amount", "another currency", "another mode", "another order"],
)
def test_an_intent_on_other_terms_than_shown_is_refused_and_canceled(
    client: Client, order: Order, stripe_server: StripeServer, change: dict[str, Any]
) -> None:
    stripe_server.intent_changes = change
    assert_refused(ask(client, order), 502, "stripe_refused")
    assert acts(stripe_server) == ["POST payment_", "POST cancel"]
    payment = Payment.objects.get()
    assert payment.status == "failed"
    assert "Stripe says" in payment.problem


def test_an_open_intent_that_was_changed_at_stripe_is_refused_and_another_opened(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    ask(client, order)
    stripe_server.intent_changes = {"amount": 1}
    assert_refused(ask(client, order), 502, "stripe_refused")
    stripe_server.intent_changes = {}
    assert ask(client, order).json()["amount"] == 3800
    assert statuses() == [("intent", "failed"), ("intent", "open")]


# --- It is paid ---------------------------------------------------------------------------------------------------


def test_with_the_webhook_lost_the_success_page_alone_settles(client: Client, order: Order) -> None:
    answer = ask(client, order).json()
    assert pay_here(answer)["paymentIntent"]["status"] == "succeeded"
    assert "Your order is paid" in come_back(client, order, answer)
    assert (status(), statuses()) == ("paid", [("intent", "paid")])
    assert client.get(f"/order/{order.uuid}/pay").status_code == 303


def test_a_forged_return_settles_nothing(client: Client, usd_mug: Item, order: Order) -> None:
    theirs = post(Client(), usd_mug).json()
    pay_here(theirs)
    mine = ask(client, order).json()
    for answer in (mine, theirs, {"client_secret": "pi_forged_secret_x"}, {"client_secret": "\0"}):
        assert "waiting for your payment" in come_back(client, order, answer)
    order.refresh_from_db()
    assert order.status == "pending"


def test_a_declined_card_leaves_the_intent_open_and_another_pays(client: Client, order: Order) -> None:
    answer = ask(client, order).json()
    assert pay_here(answer, DECLINES)["error"]["code"] == "card_declined"
    assert "waiting for your payment" in come_back(client, order, answer)
    assert ask(client, order).json() == answer
    pay_here(answer)
    assert "Your order is paid" in come_back(client, order, answer)


def test_a_bank_that_takes_its_time_is_waited_for_and_may_refuse(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    answer = ask(client, order).json()
    stripe_server.intent_changes = {"status": "processing"}
    assert "under way" in come_back(client, order, answer)
    assert_refused(ask(client, order), 409, "order_closed")
    stripe_server.intent_changes = {"status": "requires_payment_method"}
    fulfillment.settle(Payment.objects.get())
    assert (status(), statuses()) == ("pending", [("intent", "open")])
    assert ask(client, order).json() == answer


@pytest.mark.parametrize("before", ["open", "processing"])
def test_an_intent_that_is_canceled_at_stripe_is_followed_by_another(
    client: Client, order: Order, stripe_server: StripeServer, before: str
) -> None:
    first = ask(client, order).json()
    if before == "processing":
        stripe_server.intent_changes = {"status": "processing"}
        come_back(client, order, first)
        stripe_server.intent_changes = {}
    api.cancel_payment_intent(keypair_for("USD"), intent_id(first))
    come_back(client, order, first)
    assert (status(), statuses()) == ("pending", [("intent", "expired")])
    assert ask(client, order).json()["client_secret"] != first["client_secret"]


def test_an_intent_canceled_a_moment_ago_is_followed_by_another_at_once(client: Client, order: Order) -> None:
    first = ask(client, order).json()
    assert Payment.objects.get().claim_check()
    api.cancel_payment_intent(keypair_for("USD"), intent_id(first))
    assert ask(client, order).json()["client_secret"] != first["client_secret"]
    assert statuses() == [("intent", "expired"), ("intent", "open")]


@pytest.mark.parametrize(
    "change",
    [{"amount": 1}, {"currency": "eur"}, {"livemode": True}, {"metadata": {"order": "another"}}],
    ids=["another amount", "another currency", "another mode", "another order"],
)
def test_a_payment_on_other_terms_pays_nothing_and_is_reported(
    client: Client, order: Order, stripe_server: StripeServer, change: dict[str, Any]
) -> None:
    answer = ask(client, order).json()
    stripe_server.intent_changes = {"status": "succeeded", **change}
    come_back(client, order, answer)
    assert status() == "pending"
    assert "Stripe says" in Payment.objects.get().problem


# --- The order changes --------------------------------------------------------------------------------------------


def change(order: Order, quantity: int) -> None:
    order.lines.update(quantity=quantity)


def test_an_order_that_changed_has_the_same_intent_with_the_new_amount(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    first = ask(client, order).json()
    for quantity in (3, 2, 3):
        change(order, quantity)
        answer = ask(client, order).json()
        assert answer == first | {"amount": 1900 * quantity}
    assert statuses() == [("intent", "open")]
    pay_here(answer)
    come_back(client, order, answer)
    assert (status(), Payment.objects.get().amount) == ("paid", 5700)


def test_an_order_that_changed_while_it_was_paid_as_it_was_is_paid(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    answer = ask(client, order).json()
    Payment.objects.get().claim_check()
    change(order, 3)
    pay_here(answer)
    assert_refused(ask(client, order), 409, "order_closed")
    assert (status(), Payment.objects.get().amount) == ("paid", 3800)


def test_an_order_that_changed_closes_the_session_of_its_old_terms(client: Client, order: Order) -> None:
    ask(client, order)
    client.post(f"/order/{order.uuid}/checkout")
    change(order, 3)
    ask(client, order)
    assert statuses() == [("intent", "expired"), ("checkout", "expired"), ("intent", "open")]


def test_a_session_on_new_terms_closes_the_intent_of_the_old(client: Client, order: Order) -> None:
    answer = ask(client, order).json()
    change(order, 3)
    client.post(f"/order/{order.uuid}/checkout")
    assert statuses() == [("intent", "expired"), ("checkout", "open")]
    assert status_at_stripe(answer) == "canceled"


def test_staff_who_change_an_order_take_its_intent_back(client: Client, order: Order) -> None:
    answer = ask(client, order).json()
    fulfillment.take_back_offers(order)
    assert (statuses(), status_at_stripe(answer)) == ([("intent", "expired")], "canceled")


@pytest.mark.parametrize(("bank", "expected"), [("at_once", "paid"), ("slow", "processing")])
def test_an_intent_that_is_paid_or_under_way_is_settled_and_never_canceled(
    client: Client, order: Order, bank: str, expected: str, stripe_server: StripeServer
) -> None:
    pay_here(ask(client, order).json(), bank=bank)
    with pytest.raises(OrderClosed):
        fulfillment.take_back_offers(order)
    assert (status(), statuses()) == (expected, [("intent", expected)])
    assert "POST cancel" not in acts(stripe_server)


def test_when_a_currency_moves_to_another_account_the_intent_of_the_old_one_is_canceled(
    client: Client, order: Order, settings: Any
) -> None:
    ring = settings.STRIPE_KEYPAIRS
    settings.STRIPE_KEYPAIRS = {**ring, "USD": replace(ring["EUR"], currency="USD")}
    old = ask(client, order).json()
    settings.STRIPE_KEYPAIRS = ring
    assert ask(client, order).json()["publishable_key"] == "pk_test_sandbox_usd"
    assert api.retrieve_payment_intent(keypair_for("EUR"), intent_id(old)).status == "canceled"
    assert statuses() == [("intent", "expired"), ("intent", "open")]


# --- Both ways at once --------------------------------------------------------------------------------------------


@pytest.fixture
def both_ways(client: Client, order: Order) -> tuple[dict[str, Any], str]:
    """The answer for the shop's own page, and the address of the hosted one, both open at Stripe.

    The shop opens one alone, so this is as it would be if Stripe had not closed what it said was closed.
    """
    answer = ask(client, order).json()
    Payment.objects.update(status="expired")
    url = client.post(f"/order/{order.uuid}/checkout")["Location"]
    Payment.objects.update(status="open")
    return answer, url


def test_opening_one_way_to_pay_closes_the_other(client: Client, order: Order) -> None:
    client.post(f"/order/{order.uuid}/checkout")
    answer = ask(client, order).json()
    assert statuses() == [("checkout", "expired"), ("intent", "open")]
    client.post(f"/order/{order.uuid}/checkout")
    assert statuses() == [("checkout", "expired"), ("intent", "expired"), ("checkout", "open")]
    assert status_at_stripe(answer) == "canceled"


def test_paid_here_the_hosted_page_is_expired(client: Client, order: Order, both_ways: tuple[Any, str]) -> None:
    answer, _ = both_ways
    pay_here(answer)
    come_back(client, order, answer)
    assert statuses() == [("intent", "paid"), ("checkout", "expired")]


def test_paid_there_the_intent_is_canceled(client: Client, both_ways: tuple[Any, str], pay: Pay) -> None:
    answer, url = both_ways
    client.get(pay(url)["Location"])
    assert (status(), statuses()) == ("paid", [("intent", "expired"), ("checkout", "paid")])
    assert status_at_stripe(answer) == "canceled"


def test_paid_both_ways_the_second_is_shown_for_refund_without_any_webhook(
    client: Client, order: Order, both_ways: tuple[Any, str], pay: Pay, caplog: Any
) -> None:
    answer, url = both_ways
    returned = pay(url)["Location"]
    pay_here(answer)
    client.get(returned)
    assert (status(), statuses()) == ("paid", [("intent", "duplicate"), ("checkout", "paid")])
    assert "paid a second time" in caplog.text


def test_an_intent_that_cannot_be_canceled_is_left_and_reported(
    client: Client, both_ways: tuple[Any, str], pay: Pay, stripe_server: StripeServer, caplog: Any
) -> None:
    stripe_server.intent_changes = {"status": "requires_capture"}
    client.get(pay(both_ways[1])["Location"])
    assert (status(), statuses()) == ("paid", [("intent", "open"), ("checkout", "paid")])
    assert "could not be closed: stripe_refused" in caplog.text


def test_an_intent_that_was_deleted_at_stripe_needs_no_canceling(
    client: Client, both_ways: tuple[Any, str], pay: Pay
) -> None:
    Payment.objects.filter(method="intent").update(payment_intent_id="pi_gone")
    client.get(pay(both_ways[1])["Location"])
    assert statuses() == [("intent", "expired"), ("checkout", "paid")]


def test_an_intent_in_a_state_that_nobody_can_tell_is_not_offered(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    ask(client, order)
    stripe_server.intent_changes = {"status": "requires_capture"}
    assert_refused(ask(client, order), 502, "stripe_refused")
    assert statuses() == [("intent", "open")]


@pytest.mark.django_db(transaction=True)
def test_an_order_that_changes_while_an_intent_is_opened_is_not_offered_as_it_was(
    client: Client, order: Order, stripe_server: StripeServer
) -> None:
    stripe_server.meanwhile = lambda: change(order, 3)
    assert_refused(ask(client, order), 503, "stripe_unreachable")
    assert acts(stripe_server)[-1] == "POST cancel"
    assert ask(client, order).json()["amount"] == 5700


def test_an_order_paid_while_an_intent_is_opened_for_it_is_not_offered_again(
    client: Client, order: Order, stripe_server: StripeServer, transactional_db: None
) -> None:
    stripe_server.meanwhile = lambda: Order.objects.get().mark_paid()
    assert_refused(ask(client, order), 409, "order_closed")
    assert acts(stripe_server)[-1] == "POST cancel"
    assert statuses() == [("intent", "expired")]


@pytest.mark.django_db(transaction=True)
def test_many_presses_at_once_open_one_intent(order: Order, stripe_server: StripeServer) -> None:
    answers: list[str] = []
    assert at_once(8, lambda: answers.append(ask(Client(), order).json()["client_secret"])) == []
    assert (len(answers), len(set(answers)), Payment.objects.count()) == (8, 1, 1)


# --- Webhooks -----------------------------------------------------------------------------------------------------


def event_object(payment: Payment, **changes: Any) -> dict[str, Any]:
    return {
        "id": payment.payment_intent_id,
        "object": "payment_intent",
        "livemode": False,
        "currency": payment.currency.lower(),
        "amount": payment.amount,
        "metadata": {"order": str(payment.order.uuid), "payment": str(payment.pk)},
    } | changes


@pytest.fixture
def paid_intent(client: Client, order: Order) -> dict[str, Any]:
    """An intent that was paid at Stripe, of which the shop has not heard."""
    pay_here(ask(client, order).json())
    return event_object(Payment.objects.get())


def outcome() -> tuple[str, str]:
    record = StripeEvent.objects.get()
    return record.outcome, record.problem


def test_the_webhook_alone_settles(client: Client, order: Order, carry_webhooks: Callable[[], list[int]]) -> None:
    pay_here(ask(client, order).json(), webhook="twice")
    assert set(carry_webhooks()) == {200}
    assert (status(), statuses()) == ("paid", [("intent", "paid")])


@pytest.mark.parametrize(
    ("change", "sent", "problem"),
    [
        ({"amount": 1}, {}, "another amount"),
        ({"currency": "eur"}, {}, "another currency"),
        ({"livemode": True}, {}, "another livemode"),
        ({}, {"livemode": True}, "another livemode"),
        ({}, {"currency": "EUR"}, "It comes from another account than the payment is of."),
        ({"id": "pi_another"}, {}, "It is about another PaymentIntent."),
    ],
)
def test_an_event_that_does_not_fit_pays_nothing_and_is_reported(
    paid_intent: dict[str, Any], send_event: SendEvent, change: dict[str, Any], sent: dict[str, Any], problem: str
) -> None:
    assert send_event(paid_intent | change, type="payment_intent.succeeded", **sent).status_code == 200
    assert (status(), outcome()[0]) == ("pending", "refused")
    assert problem in outcome()[1]


@pytest.mark.parametrize("metadata", [{}, None, {"payment": "x"}, {"payment": "1", "order": "another shop's"}])
def test_an_intent_of_another_shop_on_the_same_account_is_left_alone(
    paid_intent: dict[str, Any], send_event: SendEvent, metadata: Any
) -> None:
    foreign = paid_intent | {"id": "pi_foreign", "metadata": metadata}
    assert send_event(foreign, type="payment_intent.succeeded").status_code == 200
    assert (status(), outcome()) == ("pending", ("not_ours", ""))


def test_an_event_finds_the_payment_whose_intent_was_not_noted(
    paid_intent: dict[str, Any], send_event: SendEvent
) -> None:
    """The process ended between Stripe's answer and the note of it."""
    Payment.objects.update(status="created", payment_intent_id="")
    assert send_event(paid_intent, type="payment_intent.succeeded").status_code == 200
    assert status() == "paid"


@pytest.mark.parametrize(
    ("type", "stripe_says", "expected"),
    [
        ("payment_intent.processing", "processing", ("processing", "processing")),
        ("payment_intent.canceled", "canceled", ("pending", "expired")),
        ("payment_intent.payment_failed", "requires_payment_method", ("pending", "open")),
    ],
)
def test_each_event_is_a_trigger_to_read_the_intent_again(
    client: Client,
    order: Order,
    send_event: SendEvent,
    stripe_server: StripeServer,
    type: str,
    stripe_says: str,
    expected: tuple[str, str],
) -> None:
    ask(client, order)
    stripe_server.intent_changes = {"status": stripe_says}
    assert send_event(event_object(Payment.objects.get()), type=type).status_code == 200
    assert (status(), Payment.objects.get().status) == expected


def test_a_decline_from_before_the_order_changed_is_no_mistake(
    client: Client, order: Order, send_event: SendEvent
) -> None:
    ask(client, order)
    send_event(event_object(Payment.objects.get(), amount=1), type="payment_intent.payment_failed")
    assert outcome() == ("settled", "")


def test_the_intent_of_a_checkout_session_settles_its_payment_or_nothing(
    client: Client, order: Order, pay: Pay, send_event: SendEvent
) -> None:
    pay(client.post(f"/order/{order.uuid}/checkout")["Location"])
    of_session = event_object(Payment.objects.get(), id="pi_of_the_session")
    send_event(of_session, type="payment_intent.succeeded", event_id="evt_other_account", currency="EUR")
    assert status() == "pending"
    send_event(of_session, type="payment_intent.succeeded", event_id="evt_2")
    assert status() == "paid"
    send_event(of_session, type="payment_intent.succeeded", event_id="evt_3")
    assert [event.outcome for event in StripeEvent.objects.order_by("pk")] == ["ignored", "settled", "ignored"]


# --- What the database holds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"payment_intent_id": ""},
        {"method": "checkout"},
        {"method": "cash"},
    ],
    ids=["an intent without its id", "a session without its id", "an unknown method"],
)
def test_the_database_refuses(client: Client, order: Order, broken: dict[str, str]) -> None:
    intents.open_intent(order=order)
    with pytest.raises(IntegrityError):
        Payment.objects.update(**broken)


def test_the_database_lets_one_payment_have_an_intent(client: Client, usd_mug: Item, order: Order) -> None:
    ask(client, order)
    taken = Payment.objects.get().payment_intent_id
    second = post(client, usd_mug).json()
    with pytest.raises(IntegrityError):
        Payment.objects.filter(payment_intent_id=intent_id(second)).update(payment_intent_id=taken)


def test_the_admin_shows_how_it_was_paid_and_no_secret(admin_client: Client, order: Order) -> None:
    secret = ask(admin_client, order).json()["client_secret"]
    page = admin_client.get(f"/admin/payments/payment/{Payment.objects.get().pk}/change/").content.decode()
    assert "On the shop’s page" in page or "On the shop&#x27;s page" in page
    assert secret not in page
    assert 'href=""' not in page
