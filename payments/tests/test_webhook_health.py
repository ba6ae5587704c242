"""An operator sees in the admin how the webhooks of each account do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from payments import webhooks
from payments.models import Item, RefusedDelivery, StripeEvent
from payments.tests.stripe_server import Answer, StripeServer

EVENTS = "/admin/payments/stripeevent/"
Pay = Callable[..., Any]


def text(client: Client) -> str:
    return " ".join(client.get(EVENTS).content.decode().split())


def paid(client: Client, item: Item, pay: Pay) -> None:
    pay(client.get(f"/buy/{item.pk}").json()["url"], webhook="deliver")


def test_an_account_that_never_delivered_says_where_to_look(admin_client: Client) -> None:
    page = text(admin_client)
    assert page.count("none yet: is the endpoint there?") == 3
    assert "Refused, since no account signed them: none." in page


def test_the_last_delivery_and_the_last_failure_are_told_by_account(
    client: Client,
    admin_client: Client,
    usd_mug: Item,
    pay: Pay,
    carry_webhooks: Callable[[], list[int]],
    stripe_server: StripeServer,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    paid(client, usd_mug, pay)
    stripe_server.answers = [Answer(500)] * 30
    carry_webhooks()
    page = text(admin_client)
    assert "minutes ago): Stripe did not answer." in page
    assert '<a href="?outcome__exact=received">2</a>' in page
    assert page.count("none yet") == 2
    stripe_server.answers = []
    for event in StripeEvent.objects.all():
        event.finish(StripeEvent.Outcome.SETTLED)
    assert "minutes ago): Stripe did not answer." in text(admin_client)
    assert "outcome__exact=received" not in text(admin_client).split("</section>")[0]


@pytest.mark.django_db
def test_what_no_account_signed_is_counted_without_a_write_for_each(
    client: Client, admin_client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(webhooks, "refusals", webhooks.Refusals())
    for _ in range(20):
        client.post("/webhooks/stripe", "{}", "application/json", headers={"Stripe-Signature": "t=1,v1=x"})
    assert RefusedDelivery.objects.get().count == 1
    webhooks.refusals.written_at = 0
    client.post("/webhooks/stripe", "{}", "application/json", headers={"Stripe-Signature": "t=1,v1=x"})
    assert RefusedDelivery.objects.get().count == 21
    assert "21 × timestamp too old or in the future" in text(admin_client)
