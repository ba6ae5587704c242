"""Every account is told where the shop is, once, and the operator what to put into the environment."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from payments import webhooks
from payments.gateway import client as gateway_client
from payments.gateway.keys import Keypair, ring
from payments.models import Item, Order
from payments.tests import stripe_spec
from payments.tests.conftest import post_signed
from payments.tests.sandbox_client import stripe_of, stripe_with
from payments.tests.stripe_server import Answer, StripeServer

ORIGIN = "https://shop.example"
URL = f"{ORIGIN}/webhooks/stripe"
VERSION = "2026-10-28.endive"


def register(origin: str = ORIGIN) -> str:
    said = StringIO()
    call_command("register_webhooks", *([origin] if origin else []), stdout=said, no_color=True)
    return said.getvalue()


def endpoints(currency: str = "USD") -> Any:
    return stripe_of(currency).v1.webhook_endpoints.list().data


def secrets_in(said: str) -> dict[str, str]:
    """By variable, as an operator pastes them."""
    lines = [line.strip().partition("=") for line in said.splitlines() if "=whsec_" in line]
    return {name: value.partition(",")[0] for name, _, value in lines}


@pytest.fixture
def usd_alone(settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {"USD": ring()["USD"]}


def test_every_account_gets_an_endpoint_with_our_events_in_our_version() -> None:
    register()
    for currency in ring():
        (endpoint,) = endpoints(currency)
        assert (endpoint.url, endpoint.api_version, endpoint.status) == (URL, VERSION, "enabled")
        assert set(endpoint.enabled_events) == set(webhooks.HANDLERS)


def test_run_twice_nothing_is_made_twice_and_no_secret_is_told_again() -> None:
    assert len(secrets_in(register())) == 3
    again = register()
    assert "already, as it should be" in again
    assert "whsec_" not in again
    assert [len(endpoints(currency)) for currency in ring()] == [1, 1, 1]


def test_with_the_printed_secret_in_the_environment_events_arrive(
    client: Client, usd_mug: Item, settings: Any, pay: Any, carry_webhooks: Callable[[], list[int]]
) -> None:
    secret = secrets_in(register())["STRIPE_USD_WEBHOOK_SECRET"]
    settings.STRIPE_KEYPAIRS = {**ring(), "USD": replace(ring()["USD"], webhook_secrets=(secret,))}
    pay(client.get(f"/buy/{usd_mug.pk}").json()["url"], webhook="deliver")
    assert set(carry_webhooks()) == {200}
    assert Order.objects.get().is_paid


def test_the_first_secret_is_told_before_there_is_any(usd_alone: None, settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {"USD": replace(ring()["USD"], webhook_secrets=())}
    (line,) = [line.strip() for line in register().splitlines() if "=whsec_" in line]
    assert line.startswith("STRIPE_USD_WEBHOOK_SECRET=whsec_")
    assert "," not in line
    assert "misses, is in the dashboard" in register()


def test_beside_a_secret_that_is_at_work_the_new_one_comes_first(usd_alone: None) -> None:
    assert ",<the present value>" in register()


def test_a_secret_made_up_for_the_stand_in_does_not_stay_beside_real_keys(
    stripe_server: StripeServer, settings: Any
) -> None:
    settings.STRIPE_KEYPAIRS = {"USD": Keypair("USD", "pk_test_real_usd", "sk_test_real_usd", ("whsec_sandbox_usd",))}
    assert "<the present value>" not in register()
    settings.STRIPE_KEYPAIRS = {"USD": Keypair("USD", "pk_test_real_eur", "sk_test_real_eur", ("whsec_real",))}
    assert "<the present value>" in register()


@pytest.mark.parametrize("change", [{"disabled": True}, {"enabled_events": ["charge.succeeded"]}])
def test_an_endpoint_that_is_disabled_or_misses_events_is_mended(usd_alone: None, change: Any) -> None:
    register()
    (made,) = endpoints()
    stripe_of("USD").v1.webhook_endpoints.update(made.id, change)
    said = register()
    assert "enabled, with the events that the shop needs" in said
    assert "whsec_" not in said
    (mended,) = endpoints()
    assert (mended.id, mended.status) == (made.id, "enabled")
    assert set(mended.enabled_events) == set(webhooks.HANDLERS)


def test_an_endpoint_for_all_events_is_left_as_it_is(usd_alone: None) -> None:
    params: Any = {"url": URL + "/", "enabled_events": ["*"], "api_version": VERSION}
    made = stripe_of("USD").v1.webhook_endpoints.create(params)
    assert "as it should be" in register()
    assert [(endpoint.id, endpoint.enabled_events) for endpoint in endpoints()] == [(made.id, ["*"])]


@pytest.mark.parametrize("version", [{}, {"api_version": "2025-03-31.basil"}])
def test_beside_an_endpoint_of_another_version_a_new_one_is_made_and_the_old_one_is_to_be_deleted(
    usd_alone: None, version: Any
) -> None:
    params: Any = {"url": URL, "enabled_events": ["*"], **version}
    old = stripe_of("USD").v1.webhook_endpoints.create(params)
    said = register()
    assert f"{old.id} is another, and stays so: delete it" in said
    assert len(secrets_in(said)) == 1
    assert f"{old.id} is another" in register()
    assert len(endpoints()) == 2
    stripe_of("USD").v1.webhook_endpoints.delete(old.id)
    assert "delete" not in register()


def test_an_endpoint_of_another_shop_is_left_alone(usd_alone: None) -> None:
    other = stripe_of("USD").v1.webhook_endpoints.create(
        {"url": "https://another.example/webhooks/stripe", "enabled_events": ["charge.succeeded"]}
    )
    register()
    assert [endpoint.enabled_events for endpoint in endpoints() if endpoint.id == other.id] == [["charge.succeeded"]]
    assert len(endpoints()) == 2


def test_one_account_for_two_currencies_gets_one_endpoint_and_two_lines(settings: Any) -> None:
    usd = ring()["USD"]
    settings.STRIPE_KEYPAIRS = {"CAD": replace(usd, currency="CAD"), "USD": usd}
    assert sorted(secrets_in(register())) == ["STRIPE_CAD_WEBHOOK_SECRET", "STRIPE_USD_WEBHOOK_SECRET"]
    assert len(endpoints()) == 1


def test_a_retired_account_is_served_too(usd_alone: None, settings: Any) -> None:
    register()
    settings.STRIPE_RETIRED_KEYPAIRS = [
        Keypair("USD", "pk_test_sandbox_old", "sk_test_sandbox_old", ("whsec_sandbox_old",), retired=True)
    ]
    said = register()
    assert "USD, retired (pk_test_…_old)" in said
    assert "STRIPE_USD_RETIRED=<its publishable key>:<its secret key>:whsec_" in said
    assert len(stripe_with("sk_test_sandbox_old").v1.webhook_endpoints.list().data) == 1


def test_the_address_is_that_of_the_setting_unless_another_is_given(settings: Any, usd_alone: None) -> None:
    settings.SHOP_ORIGIN = "https://set.example"
    register("")
    register("https://given.example/")
    assert {endpoint.url for endpoint in endpoints()} == {
        "https://set.example/webhooks/stripe",
        "https://given.example/webhooks/stripe",
    }


@pytest.mark.parametrize("origin", ["", "shop.example", "https://", "https://shop.example/shop", "ftp://shop.example"])
def test_an_address_that_is_no_origin_is_refused_in_words(origin: str) -> None:
    with pytest.raises(CommandError, match=r"as https://shop\.example"):
        register(origin)


def test_without_any_account_it_says_what_to_set(settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {}
    with pytest.raises(CommandError, match="No account is configured"):
        register()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401, '{"error": {"type": "invalid_request_error"}}'), "does not accept the secret key"),
        (Answer(403, '{"error": {"type": "invalid_request_error"}}'), "may not write Webhook Endpoints"),
        (Answer(400, '{"error": {"type": "invalid_request_error"}}'), "refuses the endpoint"),
        (Answer(429, '{"error": {"type": "rate_limit_error"}}'), "does not answer"),
    ],
)
def test_an_account_that_refuses_is_told_and_the_others_are_served(
    stripe_server: StripeServer, answer: Answer, says: str
) -> None:
    stripe_server.answers = [answer]
    said = StringIO()
    with pytest.raises(CommandError, match="1 of 3 accounts could not be served"):
        call_command("register_webhooks", ORIGIN, stdout=said, no_color=True)
    assert says in said.getvalue()
    assert [len(endpoints(currency)) for currency in ring()] == [0, 1, 1]


def test_every_request_is_one_that_stripe_takes_and_no_secret_key_is_printed(stripe_server: StripeServer) -> None:
    said = register() + register()
    endpoint = endpoints()[0]
    stripe_of("USD").v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    said += register()
    assert "sk_test" not in said
    assert {(sent.method, sent.path.partition("?")[0]) for sent in stripe_server.requests} == {
        ("GET", "/v1/webhook_endpoints"),
        ("POST", "/v1/webhook_endpoints"),
        ("POST", f"/v1/webhook_endpoints/{endpoint.id}"),
    }
    for sent in stripe_server.requests:
        assert stripe_spec.request(sent.method, sent.path, sent.body) == []
    gateway_client.client_of_keys.cache_clear()


@pytest.mark.django_db
def test_an_event_with_either_secret_is_taken_while_a_webhook_secret_is_rolled(client: Client, settings: Any) -> None:
    usd = replace(ring()["USD"], webhook_secrets=("whsec_sandbox_new", "whsec_sandbox_old"))
    settings.STRIPE_KEYPAIRS = {**ring(), "USD": usd}
    settings.STRIPE_RETIRED_KEYPAIRS = [
        Keypair("USD", "pk_test_sandbox_3", "sk_test_sandbox_3", ("whsec_sandbox_3", "whsec_sandbox_4"), retired=True)
    ]
    body = json.dumps({"id": "evt_1", "type": "x", "livemode": False, "data": {"object": {}}})
    secrets = ("new", "old", "3", "4", "gone")
    answers = [post_signed(client, body, f"whsec_sandbox_{secret}").status_code for secret in secrets]
    assert answers == [200, 200, 200, 200, 400]
