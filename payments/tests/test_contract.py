"""What the shop sends is what Stripe's API takes: by the types of the pinned release, at every depth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.test import Client

from payments import fulfillment
from payments.gateway import api
from payments.gateway.client import API_VERSION
from payments.gateway.keys import keypair_for
from payments.models import Item, Order
from payments.tests import stripe_spec
from payments.tests.stripe_server import Recorded, StripeServer

ENDIVE = Path(__file__).with_name("endive.json")


def problems(request: Recorded) -> list[str]:
    return stripe_spec.request(request.method, request.path, request.body)


def test_the_pinned_version_is_the_sdks_own_and_the_specs() -> None:
    assert stripe.api_version == API_VERSION
    assert API_VERSION in ENDIVE.read_text()


def test_every_request_of_a_purchase_is_one_that_stripe_takes(
    client: Client, request: Any, stripe_server: StripeServer, pay: Callable[..., Any]
) -> None:
    for mug in ("usd_mug", "eur_mug", "jpy_mug"):
        item: Item = request.getfixturevalue(mug)
        Item.objects.filter(pk=item.pk).update(picture="https://cdn.example/mug.png")
        bought = client.get(f"/buy/{item.pk}?quantity=3").json()
        pay(bought["url"])
        client.get(f"/order/{Order.objects.latest('pk').uuid}")
    unpaid = Client().get(f"/buy/{item.pk}").json()
    api.expire_checkout_session(keypair_for("JPY"), unpaid["id"])
    assert [problem for sent in stripe_server.requests for problem in problems(sent)] == []
    assert {sent.path.split("?")[0].rsplit("/", 1)[1][:3] for sent in stripe_server.requests} == {
        "ses",
        "cs_",
        "exp",
    }


def test_every_request_of_paying_here_is_one_that_stripe_takes(
    client: Client, request: Any, stripe_server: StripeServer
) -> None:
    for mug in ("usd_mug", "eur_mug", "jpy_mug"):
        item: Item = request.getfixturevalue(mug)
        client.post(f"/intent/{item.pk}", {"quantity": "3"}, headers={"Accept": "application/json"})
        order = Order.objects.latest("pk")
        order.lines.update(quantity=2)
        client.post(f"/order/{order.uuid}/intent")
        fulfillment.take_back_offers(order)
    assert [problem for sent in stripe_server.requests for problem in problems(sent)] == []
    assert {(sent.method, sent.path.rsplit("/", 1)[1][:3]) for sent in stripe_server.requests} == {
        ("POST", "pay"),
        ("POST", "pi_"),
        ("GET", "pi_"),
        ("POST", "can"),
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("&payment_method_types[0]=card", "payment_method_types"),
        ("&line_items[0][price_data][product_data][nmae]=Mug", "nmae"),
        ("&ui_mode=hosted", "ui_mode"),
        ("&line_items[0][price_data][unit_amount]=19.00", "unit_amount"),
        ("&adaptive_pricing[enabled]=no", "enabled"),
    ],
)
def test_a_misspelt_removed_or_mistyped_parameter_is_noticed(
    client: Client, usd_mug: Item, stripe_server: StripeServer, change: str, problem: str
) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    sent = stripe_server.requests[0]
    name = change[1:].split("=")[0]
    kept = "&".join(part for part in sent.body.split("&") if not part.startswith(name + "="))
    wrong = Recorded(sent.method, sent.path, sent.headers, kept + change)
    assert any(problem in found for found in problems(wrong))
