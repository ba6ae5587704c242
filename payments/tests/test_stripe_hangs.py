"""A Stripe that hangs does not stop the shop: pages are shown, and who buys is told to try again."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client

from payments.gateway.places import a_place
from payments.models import Item
from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

BUYERS, PAGES, CLIENTS = 200, 200, 4
KEYPAIRS = sandbox_keypair("USD", "made_up_") | sandbox_keypair("EUR", "made_up_")


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes connections and requests, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield server


@pytest.fixture
def shop(silent: socket.socket, tmp_path: Path) -> Iterator[Shop]:
    address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with running_shop(tmp_path, STRIPE_API_BASE=address, **KEYPAIRS) as shop:
        yield shop


@pytest.mark.processes
def test_two_hundred_buys_that_wait_for_a_silent_stripe_leave_item_pages_quick(
    shop: Shop, silent: socket.socket
) -> None:
    with ThreadPoolExecutor(BUYERS) as buyers, ThreadPoolExecutor(CLIENTS) as readers:
        buys = [buyers.submit(buy, shop) for _ in range(BUYERS)]
        time.sleep(2)
        pages = list(readers.map(lambda number: read(shop, 1 + number % 12), range(PAGES)))
        waiting = sum(not bought.done() for bought in buys)
        silent.close()
        answers = [bought.result() for bought in buys]
    assert {status for status, _ in pages} == {200}
    assert sorted(seconds for _, seconds in pages)[PAGES * 99 // 100 - 1] < 2
    assert {status for status, _, _ in answers} == {503}
    assert all("try again in a minute" in text for _, text, _ in answers)
    assert 40 <= waiting <= 2 * 40
    assert all(seconds < 20 for _, _, seconds in answers)


def test_when_all_places_for_new_sales_are_taken_who_has_paid_is_still_shown_so(
    client: Client, usd_mug: Item, pay: Callable[..., Any], settings: Any
) -> None:
    settings.STRIPE_PLACES, settings.STRIPE_QUEUE = 5, 0
    returned = pay(client.get(f"/buy/{usd_mug.pk}").json()["url"], webhook="lose")
    with ExitStack() as others:
        for _ in range(4):
            others.enter_context(a_place(for_new_sale=True))
        refused = Client().post(f"/buy/{usd_mug.pk}", {"quantity": "1"})
        assert refused.status_code == 503
        assert "try again in a minute" in refused.content.decode()
        assert "Your order is paid" in client.get(returned["Location"]).content.decode()
    assert Client().post(f"/buy/{usd_mug.pk}", {"quantity": "1"}).status_code == 303


def buy(shop: Shop) -> tuple[int, str, float]:
    began = time.monotonic()
    response = requests.post(f"{shop.url}/buy/1", {"quantity": "1"}, timeout=60, allow_redirects=False)
    return response.status_code, response.text, time.monotonic() - began


def read(shop: Shop, item_id: int) -> tuple[int, float]:
    began = time.monotonic()
    response = requests.get(f"{shop.url}/item/{item_id}", timeout=60)
    return response.status_code, time.monotonic() - began
