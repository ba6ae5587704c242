"""Who is woken at night reads what happened: a line for each request and for each call to Stripe, and no secret."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from payments.models import Item, Order
from payments.tests.stripe_server import Answer, StripeServer
from storefront.log import JsonLine, TextLine
from storefront.redaction import redacted

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def console() -> Iterator[logging.StreamHandler[Any]]:
    """The shop's own handler, writing to where the test can read."""
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, JsonLine)]
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(io.StringIO())
    yield handler
    handler.setStream(before)


@pytest.fixture
def lines(console: logging.StreamHandler[Any]) -> Lines:
    return lambda: [json.loads(line) for line in console.stream.getvalue().splitlines()]


def test_a_request_is_one_line(client: Client, usd_mug: Item, lines: Lines) -> None:
    response = client.get(f"/item/{usd_mug.pk}?utm=1")
    (line,) = lines()
    assert (line["level"], line["logger"]) == ("INFO", "storefront.request_log")
    assert (line["method"], line["path"], line["status"]) == ("GET", f"/item/{usd_mug.pk}", 200)
    assert line["route"] == "item/<int:item_id>"
    assert 0 <= line["milliseconds"] < 5000
    assert line["request_id"] == response["X-Request-ID"]
    assert "utm" not in str(line)


def test_a_buy_is_told_with_its_call_to_stripe_under_one_id(client: Client, usd_mug: Item, lines: Lines) -> None:
    response = client.get(f"/buy/{usd_mug.pk}")
    call, offered, request = lines()
    order = Order.objects.get()
    account = "pk_test_sandbox_usd"
    assert {line["request_id"] for line in (call, offered, request)} == {response["X-Request-ID"]}
    assert {(line["order"], line["account"]) for line in (call, offered, request)} == {(order.pk, account)}
    assert (call["event"], call["act"], call["outcome"]) == ("stripe_call", "create checkout session", "ok")
    assert isinstance(call["milliseconds"], int)
    assert (offered["event"], offered["method"], offered["currency"]) == ("offered", "checkout", "USD")


def test_what_is_noted_of_one_request_is_forgotten_in_the_next(client: Client, usd_mug: Item, lines: Lines) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    client.get("/")
    assert "order" not in lines()[-1]


def test_a_failed_call_says_what_kind_of_failure_it_was(
    client: Client, usd_mug: Item, stripe_server: StripeServer, lines: Lines
) -> None:
    stripe_server.answers = [Answer(401, json.dumps({"error": {"message": "Invalid API Key provided: sk_test_x"}}))]
    client.get(f"/buy/{usd_mug.pk}")
    (call,) = [line for line in lines() if line.get("event") == "stripe_call"]
    assert (call["level"], call["outcome"]) == ("ERROR", "AuthenticationError")


def test_a_paid_order_and_its_webhook_are_told(
    client: Client, usd_mug: Item, pay: Any, carry_webhooks: Any, lines: Lines
) -> None:
    pay(client.get(f"/buy/{usd_mug.pk}").json()["url"], webhook="deliver")
    carry_webhooks()
    told = lines()
    (settled,) = [line for line in told if line.get("event") == "settled"]
    assert (settled["outcome"], settled["order"]) == ("paid", Order.objects.get().pk)
    assert "settled" in [line["outcome"] for line in told if line.get("event") == "webhook"]


def test_the_link_to_an_order_is_in_no_line(client: Client, usd_mug: Item, lines: Lines) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    uuid = str(Order.objects.get().uuid)
    for path in (f"/order/{uuid}", f"/order/{uuid}/x", f"/order/{uuid.upper()}", f"/order/%{ord(uuid[0]):x}{uuid[1:]}"):
        client.get(path)
    assert lines()[-4]["path"] == "/order/[hidden]"
    assert lines()[-4]["order"] == Order.objects.get().pk
    assert uuid not in str(lines()).lower()


def test_no_line_can_be_made_up_by_an_address(client: Client, db: None, console: logging.StreamHandler[Any]) -> None:
    console.setFormatter(text := TextLine())
    try:
        client.get("/x%0a2026-11-21 INFO - payments: Order 1 is paid")
    finally:
        console.setFormatter(JsonLine())
    assert isinstance(text, TextLine)
    (line,) = console.stream.getvalue().splitlines()
    assert "/x%0A2026" in line


def test_people_read_lines_of_text(client: Client, usd_mug: Item, console: logging.StreamHandler[Any]) -> None:
    console.setFormatter(TextLine())
    try:
        response = client.get(f"/item/{usd_mug.pk}")
        logging.getLogger("payments").info("Said outside of any request")
    finally:
        console.setFormatter(JsonLine())
    first, second = console.stream.getvalue().splitlines()
    assert f"INFO {response['X-Request-ID']} storefront.request_log: GET /item/{usd_mug.pk} 200 in " in first
    assert second.endswith("INFO - payments: Said outside of any request")


@pytest.mark.parametrize(
    "secret",
    [
        *("sk_live_51AbC", "rk_test_9z", "whsec_a+b/c=", "pi_1_secret_AbC"),
        "a3bb189e-8bf9-3888-9912-ace4e6543002",
    ],
)
def test_whatever_is_said_a_secret_is_hidden(console: logging.StreamHandler[Any], lines: Lines, secret: str) -> None:
    try:
        raise ValueError(f"key {secret} refused")
    except ValueError:
        logging.getLogger("somebody.elses").exception("Refused: %s", [secret], extra={"sent": {"key": secret}})
    assert "[hidden]" in lines()[0]["message"]
    hidden = secret.removeprefix("pi_1")
    assert hidden not in console.stream.getvalue()


def test_the_proxys_id_is_taken_if_it_is_well_formed(client: Client, db: None, settings: Any) -> None:
    given = "0b5c-From_the_Proxy"
    assert client.get("/", headers={"X-Request-ID": given})["X-Request-ID"] != given
    settings.BEHIND_PROXY = True
    assert client.get("/", headers={"X-Request-ID": given})["X-Request-ID"] == given
    for wrong in ("short", "x" * 65, "with space in it", "line\nbreak-in-it", 'quote"d-id-here', ""):
        made = client.get("/", headers={"X-Request-ID": wrong})["X-Request-ID"]
        assert made != wrong
        assert len(made) == 16


def test_files_and_probes_have_no_line(client: Client, db: None, lines: Lines) -> None:
    client.get("/static/shop/shop.css").close()
    client.get("/healthz")
    assert lines() == []


def test_an_unexpected_error_is_told_once_with_its_trace(
    client: Client, usd_mug: Item, stripe_server: StripeServer, monkeypatch: Any, lines: Lines
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("stripe.checkout._session_service.SessionService.create", lambda *args: 1 / 0)
    response = client.get(f"/buy/{usd_mug.pk}")
    (trace,) = [line for line in lines() if "exc_info" in line]
    assert "ZeroDivisionError" in trace["exc_info"]
    assert trace["request_id"] == response["X-Request-ID"]
    assert lines()[-1]["status"] == 500


@pytest.mark.parametrize("body", ["&".join(f"{n}=1" for n in range(2000)), "a=" + "x" * 3_000_000])
def test_who_sends_too_much_fills_the_log_with_no_traceback(
    client: Client, usd_mug: Item, lines: Lines, body: str
) -> None:
    form = "application/x-www-form-urlencoded"
    assert client.post(f"/buy/{usd_mug.pk}", body, content_type=form).status_code == 400
    assert not [line for line in lines() if "exc_info" in line]
    assert lines()[-1]["status"] == 400


def test_an_error_report_by_mail_has_the_requests_id(
    client: Client, usd_mug: Item, monkeypatch: Any, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.ADMINS = [("owner", "owner@shop.example")]
    client.raise_request_exception = False
    monkeypatch.setattr("stripe.checkout._session_service.SessionService.create", lambda *args: 1 / 0)
    response = client.get(f"/buy/{usd_mug.pk}")
    assert f"REQUEST_ID = '{response['X-Request-ID']}'" in mailoutbox[-1].body


def test_what_a_database_says_of_a_row_tells_nobodys_address() -> None:
    told = redacted("DETAIL:  Failing row contains (7, shopper+a@mail.shop.example, 2026-11-21).")
    assert told == "DETAIL:  Failing row contains (7, [hidden], 2026-11-21)."
