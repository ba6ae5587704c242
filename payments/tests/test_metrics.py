"""An operator's Prometheus reads what the shop did; nobody else does."""

import re
from typing import Any

import pytest
from django.test import Client

from payments.models import Item

TOKEN = {"Authorization": "Bearer only-for-tests"}


def counted(client: Client, name: str, **labels: str) -> float:
    """The present value of the one counter that has these labels among others; 0 if there is none."""
    text = client.get("/metrics", headers=TOKEN).content.decode()
    rows = re.findall(rf"^{name}{{(.*)}} ([0-9.e+]+)$", text, re.MULTILINE)
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    return sum(float(value) for found, value in rows if wanted <= set(re.findall(r'\w+="[^"]*"', found)))


def test_without_a_token_of_the_shop_there_is_no_such_page(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers=TOKEN).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer other", "Basic only-for-tests", "only-for-tests", "Bearer é"])
def test_whoever_does_not_have_it_is_refused(client: Client, db: None, sent: str) -> None:
    response = client.get("/metrics", headers={"Authorization": sent} if sent else {})
    assert response.status_code == 401
    assert b"shop_" not in response.content


def test_it_is_scraped_by_address_and_over_plain_http(client: Client, db: None, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/metrics", headers={**TOKEN, "Host": "10.0.0.5:8000"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    assert response["Cache-Control"] == "no-store"


def test_buys_payments_webhooks_and_calls_to_stripe_are_counted(
    client: Client, eur_mug: Item, pay: Any, carry_webhooks: Any
) -> None:
    account = {"account": "pk_test_sandbox_eur"}

    def now() -> list[float]:
        return [
            counted(client, "shop_buys_total", method="checkout", currency="EUR", **account),
            counted(client, "shop_settled_payments_total", outcome="paid", currency="EUR", **account),
            counted(client, "shop_webhooks_total", outcome="settled", **account),
            counted(client, "shop_webhooks_total", outcome="forged"),
            counted(client, "shop_stripe_call_seconds_count", act="create checkout session", outcome="ok", **account),
            counted(client, "shop_webhooks_total", **account),
        ]

    before = now()
    pay(client.get(f"/buy/{eur_mug.pk}").json()["url"], webhook="deliver")
    delivered = carry_webhooks()
    client.post("/webhooks/stripe", "{}", "application/json")
    buys, paid, settled, forged, calls, events = (after - was for after, was in zip(now(), before, strict=True))
    assert (buys, paid, forged, calls, events) == (1, 1, 1, 1, len(delivered))
    assert settled >= 1
