"""A Stripe that hangs does not stop the shop: pages are shown, and who buys is told to try again."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

BUYERS, PAGES, CLIENTS = 200, 200, 4
KEYPAIRS = sandbox_keypair("USD", "made_up_") | sandbox_keypair("EUR", "made_up_")

pytestmark = pytest.mark.processes


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


def buy(shop: Shop) -> tuple[int, str, float]:
    began = time.monotonic()
    response = requests.post(f"{shop.url}/buy/1", {"quantity": "1"}, timeout=60, allow_redirects=False)
    return response.status_code, response.text, time.monotonic() - began


def read(shop: Shop, item_id: int) -> tuple[int, float]:
    began = time.monotonic()
    response = requests.get(f"{shop.url}/item/{item_id}", timeout=60)
    return response.status_code, time.monotonic() - began
