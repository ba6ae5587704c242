"""A shopper presses Buy: `/buy/<id>` opens a Checkout Session in the account of the item's currency."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from payments.errors import StripeRefused
from payments.gateway import api
from payments.gateway.keys import keypair_for
from payments.models import Item, Order, Payment
from payments.tests.stripe_server import Answer, StripeServer

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("mug", ["usd_mug", "eur_mug", "jpy_mug"])
def test_the_answer_names_the_session_its_address_and_the_key_of_the_currency(
    client: Client, request: Any, mug: str
) -> None:
    item: Item = request.getfixturevalue(mug)
    response = client.get(f"/buy/{item.pk}")
    answer = response.json()
    assert response.status_code == 200
    assert sorted(answer) == ["id", "publishable_key", "url"]
    assert answer["id"].startswith("cs_test_")
    assert answer["url"].endswith(answer["id"])
    assert answer["publishable_key"] == f"pk_test_sandbox_{item.currency.lower()}"


@pytest.mark.parametrize(
    ("mug", "amount", "unit_amount"),
    [("usd_mug", 3800, "1900"), ("eur_mug", 3500, "1750"), ("jpy_mug", 5600, "2800")],
)
def test_the_session_is_opened_with_the_secret_key_currency_and_amount_of_the_item(
    client: Client, request: Any, stripe_server: StripeServer, mug: str, amount: int, unit_amount: str
) -> None:
    item: Item = request.getfixturevalue(mug)
    client.get(f"/buy/{item.pk}?quantity=2")
    (sent,) = stripe_server.requests
    code = item.currency.lower()
    assert sent.secret_key == f"sk_test_sandbox_{code}"
    assert sent.headers["Stripe-Version"] == "2026-10-28.endive"
    assert sent.params["line_items[0][price_data][currency]"] == code
    assert sent.params["line_items[0][price_data][unit_amount]"] == unit_amount
    assert sent.params["line_items[0][quantity]"] == "2"
    assert sent.params["adaptive_pricing[enabled]"] == "false"
    assert Payment.objects.get().amount == amount


def test_the_order_keeps_name_and_price_as_they_were_bought(client: Client, usd_mug: Item) -> None:
    client.get(f"/buy/{usd_mug.pk}?quantity=3")
    Item.objects.update(name="Another name", price=99)
    line = Order.objects.get().lines.get()
    assert (line.name, line.unit_amount, line.quantity, line.currency) == ("Stoneware Mug", 1900, 3, "USD")


def test_the_payment_remembers_its_account_and_where_it_is_at_stripe(client: Client, eur_mug: Item) -> None:
    answer = client.get(f"/buy/{eur_mug.pk}").json()
    payment = Payment.objects.get()
    assert (payment.publishable_key, payment.livemode, payment.currency) == (
        "pk_test_sandbox_eur",
        False,
        "EUR",
    )
    assert (payment.checkout_session_id, payment.attempt, payment.status) == (answer["id"], 1, "open")


def test_stripe_is_told_whose_order_it_is_and_where_the_shopper_goes_afterwards(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    order, params = Order.objects.get(), stripe_server.requests[0].params
    assert params["client_reference_id"] == params["metadata[order]"] == str(order.uuid)
    page = f"http://testserver/order/{order.uuid}"
    assert params["success_url"] == f"{page}/success?session_id={{CHECKOUT_SESSION_ID}}"
    assert params["cancel_url"] == f"{page}/cancel"


def test_an_item_without_description_sends_none(client: Client, usd_mug: Item, stripe_server: StripeServer) -> None:
    Item.objects.update(description="  ")
    client.get(f"/buy/{usd_mug.pk}")
    assert not [name for name in stripe_server.requests[0].params if "description]" in name and "product_data" in name]


@pytest.mark.parametrize(
    ("picture", "sent"),
    [
        ("https://cdn.example/mug.png", "https://cdn.example/mug.png"),
        ("pictures/mug.png", "https://testserver/static/pictures/mug.png"),
        ("", None),
    ],
)
def test_stripe_shows_the_picture_where_it_can_fetch_it(
    client: Client, usd_mug: Item, stripe_server: StripeServer, picture: str, sent: str | None
) -> None:
    Item.objects.update(picture=picture)
    client.get(f"/buy/{usd_mug.pk}", secure=True)
    assert stripe_server.requests[0].params.get("line_items[0][price_data][product_data][images][0]") == sent


def test_a_form_is_answered_by_the_way_to_the_payment_page(client: Client, usd_mug: Item) -> None:
    response = client.post(f"/buy/{usd_mug.pk}", {"quantity": "2"}, headers={"Accept": "text/html,*/*;q=0.8"})
    payment = Payment.objects.get()
    assert response.status_code == 303
    assert response["Location"] == payment.url
    assert payment.amount == 3800


def test_a_script_posts_and_is_answered_in_json(client: Client, usd_mug: Item) -> None:
    from_form = client.post(f"/buy/{usd_mug.pk}", {"quantity": "2"}, headers=JSON)
    from_json = client.post(f"/buy/{usd_mug.pk}", json.dumps({"quantity": 2}), "application/json")
    assert from_form.json()["id"] == from_json.json()["id"]
    assert Order.objects.get().lines.get().quantity == 2


@pytest.mark.parametrize(
    "post",
    [
        {"path": "?quantity=2"},
        {"path": "", "data": '{"quantity": 2}', "content_type": "text/plain"},
        {"path": "?quantity=9", "data": '{"quantity": 2}', "content_type": "application/vnd.api+json"},
        {"path": "?quantity=9", "data": {"quantity": "2"}},
    ],
)
def test_a_quantity_is_never_overlooked(client: Client, usd_mug: Item, post: dict[str, Any]) -> None:
    client.post(f"/buy/{usd_mug.pk}{post.pop('path')}", **post)
    assert Order.objects.get().lines.get().quantity == 2


def test_a_price_that_changed_since_the_page_was_opened_is_not_charged_without_a_word(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    shown = {"quantity": "1", "unit_amount": "1900"}
    assert 'name="unit_amount" value="1900"' in client.get(f"/item/{usd_mug.pk}").content.decode()
    Item.objects.update(price=38)
    message = assert_refused(client.post(f"/buy/{usd_mug.pk}", shown, headers=JSON), 409, "price_changed")
    assert "USD\xa038.00" in message
    assert "USD\xa038.00" in client.post(f"/buy/{usd_mug.pk}", shown).content.decode()
    assert stripe_server.requests == []
    assert client.post(f"/buy/{usd_mug.pk}", shown | {"unit_amount": "3800"}).status_code == 303


def test_a_currency_that_changed_since_the_page_was_opened_is_not_charged_without_a_word(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    assert 'name="currency" value="USD"' in client.get(f"/item/{usd_mug.pk}").content.decode()
    Item.objects.update(currency="EUR")
    shown = {"unit_amount": "1900", "currency": "USD"}
    message = assert_refused(client.post(f"/buy/{usd_mug.pk}", shown, headers=JSON), 409, "price_changed")
    assert "EUR\xa019.00" in message
    assert stripe_server.requests == []


def test_a_double_click_gets_the_same_open_session(client: Client, usd_mug: Item) -> None:
    first, second = (client.post(f"/buy/{usd_mug.pk}", headers=JSON).json() for _ in range(2))
    assert first == second
    assert Order.objects.count() == Payment.objects.count() == 1


def test_two_visitors_never_share_a_session(usd_mug: Item) -> None:
    answers = [Client().get(f"/buy/{usd_mug.pk}").json()["id"] for _ in range(2)]
    assert len(set(answers)) == 2


def test_another_quantity_or_price_is_another_order(client: Client, usd_mug: Item) -> None:
    ids = {
        client.get(f"/buy/{usd_mug.pk}").json()["id"],
        client.get(f"/buy/{usd_mug.pk}?quantity=2").json()["id"],
    }
    Item.objects.update(price=20)
    ids.add(client.get(f"/buy/{usd_mug.pk}").json()["id"])
    assert len(ids) == 3


def test_after_paying_the_same_thing_can_be_bought_again(
    client: Client, usd_mug: Item, pay: Callable[..., Any]
) -> None:
    first = client.get(f"/buy/{usd_mug.pk}").json()
    pay(first["url"])
    # The webhook is lost: the shop learns of it when the shopper presses Buy again.
    refused = client.get(f"/buy/{usd_mug.pk}")
    assert refused.json()["error"]["code"] == "order_closed"
    again = client.get(f"/buy/{usd_mug.pk}").json()
    assert again["id"] != first["id"]
    pay(again["url"])
    shown = client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"})
    assert shown["Location"] == f"/order/{Order.objects.latest('pk').uuid}"
    assert sorted(Order.objects.values_list("status", flat=True)) == ["paid", "paid"]


def test_an_expired_session_is_followed_by_a_new_one(client: Client, usd_mug: Item) -> None:
    first = client.get(f"/buy/{usd_mug.pk}").json()
    Payment.objects.get().mark_expired()
    second = client.get(f"/buy/{usd_mug.pk}").json()
    assert first["id"] != second["id"]
    assert list(Order.objects.get().payments.values_list("attempt", "status")) == [
        (2, "open"),
        (1, "expired"),
    ]


def test_head_has_no_effect(client: Client, usd_mug: Item) -> None:
    response = client.head(f"/buy/{usd_mug.pk}")
    assert (response.status_code, response.content) == (200, b"")
    assert not Order.objects.exists()


@pytest.mark.parametrize("path", ["/buy/{}", "/buy/{}/"])
def test_the_answer_is_not_cached_and_not_indexed(client: Client, usd_mug: Item, path: str) -> None:
    response = client.get(path.format(usd_mug.pk))
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_not_allowed(client: Client, usd_mug: Item, method: str) -> None:
    assert getattr(client, method)(f"/buy/{usd_mug.pk}").status_code == 405


def assert_refused(response: Any, status: int, code: str) -> str:
    error = response.json()["error"]
    assert (response.status_code, error["code"], sorted(error)) == (status, code, ["code", "message"])
    assert len(error["message"]) > 20
    assert "no-store" in response["Cache-Control"]
    return str(error["message"])


@pytest.mark.django_db
@pytest.mark.parametrize("item_id", ["1", "9" * 40, "abc", "-1", "٣", "1%00"])
def test_an_unknown_item_is_404(client: Client, item_id: str) -> None:
    assert_refused(client.get(f"/buy/{item_id}"), 404, "not_found")


def test_an_item_off_sale_is_409(client: Client, usd_mug: Item) -> None:
    Item.objects.update(on_sale=False)
    assert_refused(client.get(f"/buy/{usd_mug.pk}"), 409, "not_on_sale")


def test_a_currency_without_keypair_is_409_and_nobody_else_is_asked_to_charge_it(
    client: Client, gbp_mug: Item, stripe_server: StripeServer
) -> None:
    assert "GBP" in assert_refused(client.get(f"/buy/{gbp_mug.pk}"), 409, "no_keypair")
    assert stripe_server.requests == []
    assert not Order.objects.exists()


@pytest.mark.parametrize("quantity", ["0", "-1", "1000", "1.5", "two", "", " 1", "٣", "1_0", "9" * 30, "1e2"])
def test_a_bad_quantity_is_422(client: Client, usd_mug: Item, stripe_server: StripeServer, quantity: str) -> None:
    assert_refused(client.get(f"/buy/{usd_mug.pk}", {"quantity": quantity}), 422, "invalid_quantity")
    assert_refused(client.post(f"/buy/{usd_mug.pk}", {"quantity": quantity}, headers=JSON), 422, "invalid_quantity")
    assert stripe_server.requests == []
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{",
        '{"quantity": "2x"}',
        '{"quantity": true}',
        '{"quantity": null}',
        '{"quantity": [1]}',
        "[" * 5000,
    ],
)
def test_a_bad_json_body_is_422(client: Client, usd_mug: Item, body: str) -> None:
    assert_refused(client.post(f"/buy/{usd_mug.pk}", body, "application/json"), 422, "invalid_quantity")


def test_an_amount_above_stripes_limit_is_422_before_stripe_is_called(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    Item.objects.update(price=900_000)
    message = assert_refused(client.get(f"/buy/{usd_mug.pk}?quantity=2"), 422, "amount_out_of_limits")
    assert "USD\xa0999,999.99" in message
    assert stripe_server.requests == []
    assert not Order.objects.exists()


def test_an_amount_below_stripes_limit_is_422_before_stripe_is_called(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    Item.objects.update(price="0.10")
    assert_refused(client.get(f"/buy/{usd_mug.pk}"), 422, "amount_out_of_limits")
    assert stripe_server.requests == []


REFUSED = json.dumps({"error": {"type": "invalid_request_error", "message": "No such thing sk_test_oops", "code": "x"}})


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_stripe_refusing_is_502_without_stripes_own_text(
    client: Client, usd_mug: Item, stripe_server: StripeServer, status: int
) -> None:
    stripe_server.answers = [Answer(status, REFUSED)]
    response = client.get(f"/buy/{usd_mug.pk}")
    assert_refused(response, 502, "stripe_refused")
    assert "No such thing" not in response.content.decode()
    assert "sk_test" not in response.content.decode()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(429, REFUSED),
        Answer(500, REFUSED),
        Answer(502, "<html>Bad gateway</html>", "text/html"),
        Answer(200, "[]"),
        Answer(200, '{"id": "cs_1"}'),
        Answer(200, "not json"),
        Answer(200, "{" * 99, cut_after=5),
        Answer(hang_up=True),
    ],
    ids=["429", "500", "502", "list", "half an object", "not json", "half a body", "hang up"],
)
def test_stripe_not_reachable_is_503_and_the_next_try_works(
    client: Client, usd_mug: Item, stripe_server: StripeServer, answer: Answer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [answer] * 3
    assert_refused(client.get(f"/buy/{usd_mug.pk}"), 503, "stripe_unreachable")
    stripe_server.answers = []
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    assert list(Order.objects.get().payments.values_list("attempt", "status")) == [(2, "open"), (1, "failed")]


def test_what_passes_by_itself_is_tried_again_with_the_same_idempotency_key(
    client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers = [Answer(hang_up=True), Answer(500, REFUSED)]
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    assert len(stripe_server.requests) == 3
    assert len({request.headers["Idempotency-Key"] for request in stripe_server.requests}) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_answer_that_leads_elsewhere_is_not_followed(
    client: Client, usd_mug: Item, stripe_server: StripeServer, status: int
) -> None:
    stripe_server.answers = [Answer(status, "", location=f"{stripe_server.url}/elsewhere")]
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 503
    assert [request.path for request in stripe_server.requests] == ["/v1/checkout/sessions"]


def test_each_attempt_and_each_change_has_an_idempotency_key_of_its_own(
    client: Client, usd_mug: Item, stripe_server: StripeServer
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    Payment.objects.get().mark_expired()
    client.get(f"/buy/{usd_mug.pk}")
    Client().get(f"/buy/{usd_mug.pk}")
    keys = {request.headers["Idempotency-Key"] for request in stripe_server.requests}
    assert len(keys) == 3
    assert max(map(len, keys)) <= 255


@pytest.mark.parametrize("change", [{"amount_total": 1899}, {"currency": "eur"}, {"livemode": True}])
def test_a_session_on_other_terms_than_shown_is_refused_and_expired(
    client: Client, usd_mug: Item, stripe_server: StripeServer, change: dict[str, Any]
) -> None:
    stripe_server.changes = change
    assert_refused(client.get(f"/buy/{usd_mug.pk}"), 502, StripeRefused.code)
    assert [request.path.rsplit("/", 1)[1] for request in stripe_server.requests] == ["sessions", "expire"]
    payment = Payment.objects.get()
    assert (payment.status, payment.url) == ("failed", "")
    assert "Stripe says" in payment.problem


def test_a_form_that_fails_shows_a_page_with_the_same_status_and_the_way_back(client: Client, usd_mug: Item) -> None:
    response = client.post(f"/buy/{usd_mug.pk}", {"quantity": "0"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "quantity from 1 to 999" in page
    assert f'href="/item/{usd_mug.pk}"' in page


def test_when_a_currency_moves_to_another_account_the_session_of_the_old_one_is_closed_first(
    client: Client, usd_mug: Item, settings: Any, stripe_server: StripeServer
) -> None:
    ring = settings.STRIPE_KEYPAIRS
    settings.STRIPE_KEYPAIRS = {**ring, "USD": replace(ring["EUR"], currency="USD")}
    client.get(f"/buy/{usd_mug.pk}")
    settings.STRIPE_KEYPAIRS = ring
    answer = client.get(f"/buy/{usd_mug.pk}").json()
    assert answer["publishable_key"] == "pk_test_sandbox_usd"
    assert [(request.secret_key[-3:], request.path.rsplit("/", 1)[1][:6]) for request in stripe_server.requests] == [
        ("eur", "sessio"),
        ("eur", "cs_tes"),
        ("eur", "expire"),
        ("usd", "sessio"),
    ]
    assert list(Payment.objects.values_list("status", flat=True)) == ["open", "expired"]


def test_when_the_keys_of_the_old_account_are_gone_the_sale_goes_on(client: Client, usd_mug: Item, caplog: Any) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    Payment.objects.update(publishable_key="pk_test_gone", checkout_session_id="cs_test_in_another_account")
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    assert list(Payment.objects.values_list("status", flat=True)) == ["open", "expired"]
    assert "no account of the shop knows it" in caplog.text


def test_when_the_publishable_key_was_rolled_the_page_offered_before_is_closed(client: Client, usd_mug: Item) -> None:
    first = client.get(f"/buy/{usd_mug.pk}").json()
    Payment.objects.update(publishable_key="pk_test_before_it_was_rolled")
    second = client.get(f"/buy/{usd_mug.pk}").json()
    assert second["id"] != first["id"]
    assert api.retrieve_checkout_session(keypair_for("USD"), first["id"]).status == "expired"


def test_a_session_that_was_deleted_at_stripe_is_followed_by_a_new_one(
    client: Client, usd_mug: Item, settings: Any, tmp_path: Path
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    settings.STRIPE_SANDBOX_DATABASE = str(tmp_path / "another.sqlite3")
    assert client.get(f"/buy/{usd_mug.pk}").status_code == 200
    assert list(Payment.objects.values_list("status", flat=True)) == ["open", "expired"]


def test_a_form_sent_twice_by_a_first_visit_is_one_order(client: Client, usd_mug: Item) -> None:
    page = client.get(f"/item/{usd_mug.pk}")
    assert "private" in page["Cache-Control"]
    cookie = page.cookies["visitor"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    for _ in range(2):
        client.post(f"/buy/{usd_mug.pk}", {"quantity": "1"})
    assert Order.objects.count() == 1
