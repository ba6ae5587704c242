"""No webhook arrives, nobody comes back, and the shop is killed: one reconciliation, and the books are right."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.tests.shop_process import Shop, running_shop, sandbox_keypair
from payments.tests.test_accounts_never_cross import ADD_YEN_ITEM
from payments.tests.test_paying_here import JSON, intent_id

pytestmark = pytest.mark.processes

SHOPPERS, AT_ONCE = 200, 8
CURRENCIES = ("USD", "EUR", "JPY")
KEYPAIRS = {name: key for currency in CURRENCIES for name, key in sandbox_keypair(currency).items()}
# Of the demo catalog: odd ids are in dollars, even ones in euros; the yen item is added to it.
ITEMS = (1, 2, 13)
CARD = {"email": "shopper@example.com", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


@pytest.fixture
def shop(tmp_path: Path, settings: Any) -> Iterator[Shop]:
    """With a stand-in that loses every webhook."""
    with running_shop(tmp_path, STRIPE_SANDBOX_WEBHOOKS="lose", LOG_LEVEL="ERROR", **KEYPAIRS) as shop:
        settings.STRIPE_SANDBOX_DATABASE = shop.environment["STRIPE_SANDBOX_DATABASE"]
        shop.manage("shell", "--command", ADD_YEN_ITEM)
        yield shop


def test_two_hundred_orders_are_paid_to_the_cent_though_all_webhooks_are_lost_and_the_shop_is_killed(
    shop: Shop,
) -> None:
    half = threading.Semaphore(0)
    with ThreadPoolExecutor(AT_ONCE) as shoppers:
        purchases = [shoppers.submit(buy_and_pay, Shopper(shop), number, half) for number in range(SHOPPERS)]
        for _ in range(SHOPPERS // 2):
            half.acquire()
        shop.kill()
        shop.start()
        for purchase in purchases:
            purchase.result()
    assert shop.rows("SELECT COUNT(*) FROM payments_order WHERE status <> 'pending'") == [(0,)]

    shop.manage("reconcile")

    assert totals_of_shop(shop) == {currency: balance(currency) for currency in CURRENCIES}
    assert shop.rows("SELECT COUNT(*) FROM payments_order WHERE status = 'paid'") == [(SHOPPERS,)]
    assert shop.rows("SELECT COUNT(*) FROM payments_payment WHERE status = 'duplicate'") == [(0,)]


class Shopper:
    """Somebody who tries again when no answer comes."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.browser = requests.Session()

    def send(self, method: str, path: str, values: Any = None) -> requests.Response:
        for _ in range(100):
            try:
                return self.browser.request(
                    method, f"{self.shop.url}{path}", data=values, headers=JSON, allow_redirects=False, timeout=30
                )
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                threading.Event().wait(0.2)
        raise TimeoutError("The shop did not come back.")

    @property
    def token(self) -> dict[str, str]:
        """Of the payment page that was looked at last."""
        return {"csrfmiddlewaretoken": self.browser.cookies["csrftoken"]}


def buy_and_pay(shopper: Shopper, number: int, half: threading.Semaphore) -> None:
    item = ITEMS[number % 3]
    shopper.send("GET", f"/item/{item}")
    pay_here(shopper, item) if number % 2 else pay_page(shopper, item)
    half.release()


def pay_page(shopper: Shopper, item: int) -> None:
    answer = shopper.send("POST", f"/buy/{item}", {"quantity": "2"}).json()
    page = urlsplit(answer["url"]).path
    shopper.send("GET", page)
    paid = shopper.send("POST", page, {**CARD, "webhook": "deliver", **shopper.token})
    assert paid.status_code == 303


def pay_here(shopper: Shopper, item: int) -> None:
    answer = shopper.send("POST", f"/intent/{item}", {"quantity": "3"}).json()
    keys = {"key": answer["publishable_key"], "client_secret": answer["client_secret"]}
    shopper.send("GET", f"/sandbox/elements/payment?{urlencode(keys)}")
    address = f"/sandbox/payment_intents/{intent_id(answer)}/confirm"
    confirmed = shopper.send(
        "POST", address, {**keys, **CARD, "webhook": "deliver", "bank": "at_once", **shopper.token}
    )
    # Killed after the money was taken and before the answer: the second try is told so.
    assert confirmed.ok or "it has already succeeded" in confirmed.text, confirmed.text


def totals_of_shop(shop: Shop) -> dict[str, int]:
    """What the paid orders of each currency come to, in minor units."""
    totals = shop.rows("SELECT currency, SUM(total_amount) FROM payments_order WHERE status = 'paid' GROUP BY currency")
    return {currency: int(total) for currency, total in totals}


def balance(currency: str) -> int:
    """What the account has taken, in minor units."""
    (available,) = client_for(keypair_for(currency)).v1.balance.retrieve().available
    assert available.currency == currency.lower()
    return available.amount
