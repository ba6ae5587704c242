"""A thousand buys at once, in three currencies: each reaches the account of its own currency, and no other."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from payments.gateway.keys import read_keypairs
from payments.tests import stripe_spec
from payments.tests.shop_process import Shop, running_shop, sandbox_keypair
from payments.tests.stripe_server import Recorded, StripeServer

BUYS, CLIENTS = 1000, 32
# Of the demo catalog: odd ids are in dollars, even ones in euros; the yen item is added to it.
ADD_YEN_ITEM = """
from djmoney.money import Money
from payments.models import Item
Item.objects.create(pk=13, name='Tenugui', price=Money(1320, 'JPY'))
"""
CURRENCY = {13: "jpy"} | {item_id: "usd" if item_id % 2 else "eur" for item_id in range(1, 13)}
KEYPAIRS = {name: key for code in ("USD", "EUR", "JPY") for name, key in sandbox_keypair(code, "made_up_").items()}

pytestmark = pytest.mark.processes


@pytest.fixture
def shop(stripe_server: StripeServer, settings: Any, tmp_path: Path) -> Iterator[Shop]:
    settings.STRIPE_KEYPAIRS = read_keypairs(KEYPAIRS)
    with running_shop(tmp_path, STRIPE_API_BASE=stripe_server.url, **KEYPAIRS) as shop:
        shop.manage("shell", "--command", ADD_YEN_ITEM)
        yield shop


def test_no_buy_reaches_the_account_of_another_currency(shop: Shop, stripe_server: StripeServer) -> None:
    chooser = random.Random(7)  # noqa: S311  (the same purchases every time)
    bought = [(chooser.randint(1, 13), chooser.randint(1, 3)) for _ in range(BUYS)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda purchase: buy(shop, *purchase), bought))

    assert len({answer["id"] for answer in answers}) == BUYS
    for (item_id, _), answer in zip(bought, answers, strict=True):
        assert answer["publishable_key"] == f"pk_test_made_up_{CURRENCY[item_id]}"

    # Where an answer takes longer than the shop waits, it asks again with the same key: Stripe takes both for one.
    requests_sent = {sent.headers["Idempotency-Key"]: sent for sent in stripe_server.requests}.values()
    assert len(requests_sent) == BUYS
    assert [mistake for sent in stripe_server.requests for mistake in mistakes(sent)] == []
    wanted = sorted((CURRENCY[item_id], quantity) for item_id, quantity in bought)
    assert sorted((currency_of(sent), quantity_of(sent)) for sent in requests_sent) == wanted


def buy(shop: Shop, item_id: int, quantity: int) -> dict[str, str]:
    response = requests.get(f"{shop.url}/buy/{item_id}", {"quantity": quantity}, timeout=60)
    assert response.status_code == 200, response.text
    answer: dict[str, str] = response.json()
    return answer


def mistakes(sent: Recorded) -> list[str]:
    found = stripe_spec.request(sent.method, sent.path, sent.body)
    if sent.secret_key != f"sk_test_made_up_{currency_of(sent)}":
        found.append("another account's key")
    unit_amount = int(sent.params["line_items[0][price_data][unit_amount]"])
    if currency_of(sent) == "jpy" and unit_amount != 1320:
        found.append(f"yen with decimals: {unit_amount}")
    if currency_of(sent) != "jpy" and not 900 <= unit_amount <= 30000:
        found.append(f"not in cents: {unit_amount}")
    return found


def currency_of(sent: Recorded) -> str:
    return sent.params["line_items[0][price_data][currency]"]


def quantity_of(sent: Recorded) -> int:
    return int(sent.params["line_items[0][quantity]"])
