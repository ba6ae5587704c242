"""The stand-in for Stripe, asked through the real SDK."""

import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import stripe
from django.core.exceptions import ImproperlyConfigured

from payments.gateway.keys import ring
from payments.sandbox import clock, store
from payments.sandbox.transport import SandboxClient
from payments.tests import stripe_spec
from payments.tests.sandbox_client import (
    event_types,
    line,
    open_session,
    session_params,
    stripe_of,
    stripe_with,
)

# --- Opening a session --------------------------------------------------------------------------------------


def test_a_session_is_opened_with_a_page_on_the_shops_own_origin() -> None:
    session = open_session(line(1900, quantity=2), line(550))
    assert session.status == "open"
    assert session.payment_status == "unpaid"
    assert session.livemode is False
    assert session.payment_intent is None
    assert session.id.startswith("cs_test_")
    assert len(session.id) == len("cs_test_") + 58
    assert session.url == f"http://testserver/sandbox/checkout/{session.id}"


def test_a_session_repeats_what_the_shop_said_about_it() -> None:
    said: dict[str, Any] = {
        "client_reference_id": "order-7",
        "customer_email": "ada@example.com",
        "metadata": {"order": "7"},
        "locale": "de",
        "submit_type": "pay",
    }
    session = open_session(**said)
    assert {name: session.to_dict()[name] for name in said} == said
    assert session.customer_details is not None
    assert session.customer_details.email == "ada@example.com"


@pytest.mark.parametrize(
    ("currency", "unit_amount", "quantity", "total"),
    [("USD", 1999, 3, 5997), ("EUR", 1750, 1, 1750), ("JPY", 2800, 2, 5600), ("BHD", 5250, 2, 10500)],
)
def test_amounts_are_minor_units_of_the_currency(currency: str, unit_amount: int, quantity: int, total: int) -> None:
    session = open_session(line(unit_amount, currency.lower(), quantity))
    assert session.currency == currency.lower()
    assert (session.amount_subtotal, session.amount_total) == (total, total)
    assert session.total_details is not None
    assert session.total_details.to_dict() == {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}


def test_the_lines_of_a_session_are_listed_in_pages() -> None:
    sessions = stripe_of("USD").v1.checkout.sessions
    session = open_session(line(1900, quantity=2), line(550, name="Tea towel"))
    first = sessions.line_items.list(session.id, {"limit": 1})
    assert (first.data[0].description, first.data[0].quantity, first.data[0].amount_total) == (
        "Stoneware Mug",
        2,
        3800,
    )
    assert first.has_more
    rest = sessions.line_items.list(session.id, {"starting_after": first.data[0].id})
    assert [item.description for item in rest.data] == ["Tea towel"]
    assert not rest.has_more


def test_a_session_is_retrieved_with_its_lines_where_they_are_asked_for() -> None:
    session = open_session()
    sessions = stripe_of("USD").v1.checkout.sessions
    assert "line_items" not in sessions.retrieve(session.id).to_dict()
    expanded = sessions.retrieve(session.id, {"expand": ["line_items", "payment_intent"]})
    assert expanded.line_items is not None
    assert expanded.line_items.data[0].description == "Stoneware Mug"


# --- What is refused ----------------------------------------------------------------------------------------

UNKNOWN = {
    "removed": ({"payment_method_types": ["card"]}, "payment_method_types"),
    "misspelt": ({"sucess_url": "http://testserver/"}, "sucess_url"),
    "in a line": ({"line_items": [{**line(), "qty": 2}]}, "line_items[0][qty]"),
    "two deep": ({"adaptive_pricing": {"enable": False}}, "adaptive_pricing[enable]"),
    "deepest": (
        {
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 100,
                        "product_data": {"name": "x", "descripton": "y"},
                    },
                    "quantity": 1,
                }
            ]
        },
        "line_items[0][price_data][product_data][descripton]",
    ),
}


@pytest.mark.parametrize(("changes", "param"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_parameter_is_refused_at_every_depth(changes: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter") as refused:
        open_session(**changes)
    assert (refused.value.code, refused.value.param, refused.value.http_status) == (
        "parameter_unknown",
        param,
        400,
    )


def line_with(unit_amount: Any = 1900, currency: str = "usd", quantity: Any = 1, **product: Any) -> list[Any]:
    product_data = {"name": "Mug", **product}
    price_data = {"currency": currency, "unit_amount": unit_amount, "product_data": product_data}
    return [{"price_data": price_data, "quantity": quantity}]


INVALID = {
    "old ui_mode": ({"ui_mode": "hosted"}, "ui_mode", None),
    "other ui_mode": ({"ui_mode": "embedded_page"}, "ui_mode=embedded_page", None),
    "other mode": ({"mode": "subscription"}, "mode=subscription", None),
    "automatic tax": ({"automatic_tax": {"enabled": True}}, "automatic_tax[enabled]=true", None),
    "promotion code": ({"discounts": [{"coupon": "X", "promotion_code": "Y"}]}, "discounts[0][promotion_code]", None),
    "no coupon": ({"discounts": [{"coupon": "X"}]}, "discounts[0][coupon]", "resource_missing"),
    "two discounts": ({"discounts": [{"coupon": "X"}, {"coupon": "Y"}]}, "discounts", None),
    "no tax rate": (
        {"line_items": [{**line(), "tax_rates": ["txr_1"]}]},
        "line_items[0][tax_rates][0]",
        "resource_missing",
    ),
    "eleven tax rates": ({"line_items": [{**line(), "tax_rates": ["txr_1"] * 11}]}, "line_items[0][tax_rates]", None),
    "no lines": ({"line_items": {}}, "line_items", "parameter_missing"),
    "no mode": ({"mode": None}, "mode", "parameter_missing"),
    "no success_url": ({"success_url": None}, "success_url", "parameter_missing"),
    "relative url": ({"success_url": "/thanks"}, "success_url", "url_invalid"),
    "bad e-mail": ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
    "fraction": (
        {"line_items": line_with(19.5)},
        "line_items[0][price_data][unit_amount]",
        "parameter_invalid_integer",
    ),
    "negative": (
        {"line_items": line_with(-1)},
        "line_items[0][price_data][unit_amount]",
        "parameter_invalid_integer",
    ),
    "no quantity": (
        {"line_items": line_with(quantity=None)},
        "line_items[0][quantity]",
        "parameter_missing",
    ),
    "quantity 0": (
        {"line_items": line_with(quantity=0)},
        "line_items[0][quantity]",
        "parameter_invalid_integer",
    ),
    "empty description": (
        {"line_items": line_with(description="")},
        "line_items[0][price_data][product_data][description]",
        "parameter_invalid_empty",
    ),
    "no currency of this world": (
        {"line_items": line_with(currency="zzz")},
        "line_items[0][price_data][currency]",
        None,
    ),
    "two currencies": (
        {"line_items": [line(1900, "usd"), line(1900, "eur")]},
        "line_items[1][price_data][currency]",
        None,
    ),
    "króna with aurar": (
        {"line_items": line_with(50_050, "isk")},
        "line_items[0][price_data][unit_amount]",
        None,
    ),
    "dinar with a third decimal": (
        {"line_items": line_with(5251, "bhd")},
        "line_items[0][price_data][unit_amount]",
        None,
    ),
    "101 lines": ({"line_items": [line()] * 101}, "line_items", None),
    "9 images": (
        {"line_items": line_with(images=["https://example.com/mug.jpg"] * 9)},
        "line_items[0][price_data][product_data][images]",
        None,
    ),
    "long reference": (
        {"client_reference_id": "x" * 201},
        "client_reference_id",
        "parameter_invalid_string_too_long",
    ),
    "51 metadata": ({"metadata": {f"key{n}": "x" for n in range(51)}}, "metadata", None),
    "long metadata": ({"metadata": {"key": "x" * 501}}, "metadata[key]", None),
    "a text for a hash": ({"adaptive_pricing": "false"}, "adaptive_pricing", None),
    "a hash for a text": ({"success_url": {"a": "b"}}, "success_url", None),
    "no boolean": ({"adaptive_pricing": {"enabled": "no"}}, "adaptive_pricing[enabled]", None),
    "too small in USD": ({"line_items": line_with(49)}, "line_items", "amount_too_small"),
    "too small in JPY": ({"line_items": line_with(49, "jpy")}, "line_items", "amount_too_small"),
    "too large": ({"line_items": line_with(50_000_000, quantity=2)}, "line_items", "amount_too_large"),
}


@pytest.mark.parametrize(("changes", "param", "code"), INVALID.values(), ids=INVALID)
def test_a_session_that_stripe_would_not_open_is_refused(changes: dict[str, Any], param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(**changes)
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)
    assert stripe_of("USD").v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("mode[=payment", "Invalid parameter name: mode["),
        ("mode=payment&mode[0]=setup", "Invalid object: mode"),
        ("mode=payment&success_url=http://testserver/&line_items[1][quantity]=1", "Invalid array"),
        (
            "mode=payment&success_url=http://testserver/&line_items=",
            "You passed an empty string for 'line_items'.",
        ),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(form: str, message: str) -> None:
    assert post("/v1/checkout/sessions", form) == (400, message)


def post(path: str, form: str) -> tuple[int, str]:
    headers = {"Authorization": "Bearer sk_test_sandbox_usd"}
    body, status, _ = SandboxClient().request("post", f"https://api.stripe.com{path}", headers, form)
    answer: dict[str, Any] = json.loads(body)
    return status, answer.get("error", {}).get("message", "")


def test_a_request_may_come_without_an_idempotency_key() -> None:
    assert post(f"/v1/checkout/sessions/{open_session().id}/expire", "") == (200, "")


def test_a_database_that_cannot_be_opened_is_an_unreachable_stripe(settings: Any) -> None:
    settings.STRIPE_SANDBOX_DATABASE = "/nowhere/at/all.sqlite3"
    with pytest.raises(stripe.APIConnectionError, match="unable to open database file"):
        open_session()


def test_many_that_open_a_new_database_at_once_all_get_their_turn(settings: Any) -> None:
    with sqlite3.connect(settings.STRIPE_SANDBOX_DATABASE, isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
        assert open_session().status == "open"
    other.close()


def test_a_database_that_somebody_keeps_to_himself_is_waited_for_no_longer_than_that(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TIMEOUT", 0.1)
    with sqlite3.connect(settings.STRIPE_SANDBOX_DATABASE, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(stripe.APIConnectionError, match="database is locked"):
            open_session()
        other.execute("COMMIT")
    other.close()


@pytest.mark.parametrize("seconds", [29 * 60, 24 * 60 * 60 + 60])
def test_a_session_lives_from_thirty_minutes_to_a_day(seconds: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(expires_at=int(time.time()) + seconds)
    assert refused.value.param == "expires_at"


def test_what_has_no_route_is_an_unrecognized_url() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
        stripe_of("USD").v1.payouts.list()
    assert refused.value.http_status == 404


def test_another_version_of_the_api_is_refused() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version: 2019-01-01"):
        stripe_of("USD").v1.balance.retrieve(options={"stripe_version": "2019-01-01"})


# --- Accounts and keys --------------------------------------------------------------------------------------


def test_every_secret_key_opens_an_account_of_its_own() -> None:
    accounts = {stripe_of(currency).v1.accounts.retrieve_current().id for currency in ("USD", "EUR", "JPY")}
    assert len(accounts) == 3


def test_two_currencies_with_one_publishable_key_share_an_account(settings: Any) -> None:
    usd = ring()["USD"]
    settings.STRIPE_KEYPAIRS = {"CAD": replace(usd, currency="CAD"), "USD": usd}
    session = open_session()
    assert stripe_of("USD").v1.checkout.sessions.retrieve(session.id).id == session.id


def test_an_object_of_another_account_does_not_exist() -> None:
    session = open_session()
    message = f"No such checkout.session: '{session.id}'"
    with pytest.raises(stripe.InvalidRequestError, match=message) as refused:
        stripe_of("EUR").v1.checkout.sessions.retrieve(session.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("name", "id"), [("payment_intents", "pi_none"), ("charges", "ch_none"), ("events", "evt_none")]
)
def test_there_is_no_such_thing(name: str, id: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=f"No such .*: '{id}'"):
        getattr(stripe_of("USD").v1, name).retrieve(id)


def test_an_id_of_one_kind_is_not_found_among_another() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        stripe_of("USD").v1.charges.retrieve(open_session().id)


@pytest.mark.parametrize("key", ["sk_test_nobodys_key_at_all_0123456789", "sk_test_short", "pk_test_nobodys"])
def test_a_wrong_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refused:
        stripe_with(key).v1.balance.retrieve()
    assert refused.value.http_status == 401
    assert key not in str(refused.value.http_body)


def test_a_request_without_a_key_is_refused() -> None:
    body, status, headers = SandboxClient().request("get", "https://api.stripe.com/v1/balance", {})
    assert status == 401
    assert stripe_spec.response("GET", "/v1/balance", 401, json.loads(body)) == []
    assert headers["request-id"].startswith("req_")


def test_it_does_not_load_beside_a_live_key(settings: Any) -> None:
    live = replace(ring()["EUR"], secret_key="sk_live_0123456789abcdefghijklmn")
    settings.STRIPE_KEYPAIRS = {**ring(), "EUR": live}
    with pytest.raises(ImproperlyConfigured, match="does not run beside live keys, and EUR has one"):
        SandboxClient()


def test_what_it_knows_survives_a_restart_and_closing() -> None:
    session = open_session()
    SandboxClient().close()
    assert stripe_of("USD").v1.checkout.sessions.retrieve(session.id).status == "open"


# --- Idempotency --------------------------------------------------------------------------------------------


def test_the_same_key_replays_the_same_answer() -> None:
    sessions = stripe_of("USD").v1.checkout.sessions
    first = sessions.create(session_params(), {"idempotency_key": "order-1"})
    second = sessions.create(session_params(), {"idempotency_key": "order-1"})
    assert first.last_response is not None
    assert second.last_response is not None
    assert second.last_response.body == first.last_response.body
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(sessions.list().data) == 1


def test_the_same_key_with_changed_parameters_is_an_error() -> None:
    sessions = stripe_of("USD").v1.checkout.sessions
    sessions.create(session_params(), {"idempotency_key": "order-1"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters they were first used with") as refused:
        sessions.create(session_params(line(2000)), {"idempotency_key": "order-1"})
    assert refused.value.http_status == 400


def test_the_same_key_in_two_accounts_makes_two_objects() -> None:
    options: Any = {"idempotency_key": "order-1"}
    usd = stripe_of("USD").v1.checkout.sessions.create(session_params(), options)
    eur = stripe_of("EUR").v1.checkout.sessions.create(session_params(), options)
    assert usd.id != eur.id


def test_a_key_whose_request_failed_validation_can_be_used_again() -> None:
    sessions = stripe_of("USD").v1.checkout.sessions
    with pytest.raises(stripe.InvalidRequestError):
        sessions.create(session_params(line(1)), {"idempotency_key": "order-1"})
    assert sessions.create(session_params(), {"idempotency_key": "order-1"}).status == "open"


def test_an_error_that_is_not_about_parameters_is_replayed_too() -> None:
    sessions = stripe_of("USD").v1.checkout.sessions
    replayed = []
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="No such") as refused:
            sessions.expire("cs_none", options={"idempotency_key": "expire-1"})
        replayed.append("Idempotent-Replayed" in (refused.value.headers or {}))
    assert replayed == [False, True]


def test_a_key_that_is_too_long_is_refused() -> None:
    with pytest.raises(stripe.InvalidRequestError, match="1 to 255 characters"):
        stripe_of("USD").v1.checkout.sessions.create(session_params(), {"idempotency_key": "x" * 256})


def test_one_key_used_at_once_from_many_threads_makes_one_object() -> None:
    def create(_: int) -> str:
        return stripe_of("USD").v1.checkout.sessions.create(session_params(), {"idempotency_key": "order-1"}).id

    with ThreadPoolExecutor(12) as threads:
        ids = set(threads.map(create, range(24)))
    assert len(ids) == 1
    assert len(stripe_of("USD").v1.checkout.sessions.list().data) == 1


# --- Lists --------------------------------------------------------------------------------------------------


def test_a_list_is_paged_from_the_newest_on() -> None:
    made = [open_session().id for _ in range(3)]
    sessions = stripe_of("USD").v1.checkout.sessions
    first = sessions.list({"limit": 2})
    assert [session.id for session in first.data] == [made[2], made[1]]
    assert first.has_more
    rest = sessions.list({"limit": 2, "starting_after": made[1]})
    assert [session.id for session in rest.data] == [made[0]]
    assert not rest.has_more
    assert [session.id for session in sessions.list({"limit": 1}).auto_paging_iter()] == made[::-1]


def test_a_list_is_narrowed_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    open_session()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 100)
    late = open_session()
    sessions = stripe_of("USD").v1.checkout.sessions
    assert [session.id for session in sessions.list({"created": {"gte": now + 50}}).data] == [late.id]
    assert [session.id for session in sessions.list({"created": now + 100}).data] == [late.id]
    assert len(sessions.list({"created": {"lt": now + 50, "gt": 0}}).data) == 1


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_one_to_a_hundred_entries(limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_of("USD").v1.events.list({"limit": limit})
    assert refused.value.param == "limit"


def test_a_cursor_must_be_an_entry_of_the_list() -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_of("USD").v1.checkout.sessions.list({"starting_after": "cs_none"})
    assert (refused.value.http_status, refused.value.param) == (400, "starting_after")


NOT_EXPANDABLE = ["amount_total", "id", "none", "payment_method_types.card", "automatic_tax", "a.b.c.d.e", "metadata.a"]


@pytest.mark.parametrize("path", NOT_EXPANDABLE)
def test_what_cannot_be_expanded_is_refused(path: str) -> None:
    with pytest.raises(
        stripe.InvalidRequestError, match=rf"This property cannot be expanded \(.*{path.rpartition('.')[2]}\)"
    ):
        stripe_of("USD").v1.checkout.sessions.retrieve(open_session().id, {"expand": [path]})


# --- Expiry -------------------------------------------------------------------------------------------------


def test_a_session_is_expired_once() -> None:
    sessions = stripe_of("USD").v1.checkout.sessions
    session = sessions.expire(open_session().id)
    assert (session.status, session.url) == ("expired", None)
    assert event_types() == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        sessions.expire(session.id)


def test_an_open_session_expires_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    session = open_session(expires_at=now + 31 * 60)
    other = open_session()
    monkeypatch.setattr(clock, "now", lambda: now + 32 * 60)
    sessions = stripe_of("USD").v1.checkout.sessions
    assert sessions.retrieve(session.id).status == "expired"
    assert sessions.retrieve(other.id).status == "open"
    assert event_types(type="checkout.session.expired") == ["checkout.session.expired"]
