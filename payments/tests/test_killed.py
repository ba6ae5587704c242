"""The shop is killed between any two steps: what was paid is an order paid once, and nothing is held for nobody."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from stripe import WebhookSignature

from payments.gateway.client import client_for
from payments.gateway.keys import keypair_for
from payments.tests.moments import Moments, WatchedPostgres, WatchedStripe
from payments.tests.shop_process import ROOT, Shop, new_database, sandbox_keypair
from payments.tests.test_paying_here import pay_here

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

ITEM, STOCK = 1, 1000
KEYPAIRS = sandbox_keypair("USD")
WHAT_IS_SOLD = f"""
from payments.models import Discount, Item, Tax
Item.objects.filter(pk={ITEM}).update(stock={STOCK})
Discount.objects.create(name='Spring', percent=10, code='SPRING')
Tax.objects.create(display_name='VAT', percentage=20, inclusive=False, automatic=True)
"""
HOURS_PASS = """
UPDATE payments_payment SET created = {}, checked_at = NULL WHERE status IN ('created', 'open', 'processing')
"""
JSON = {"Accept": "application/json"}


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def shop(moments: Moments, tmp_path: Path) -> Iterator[Shop]:
    """One worker, so that it is known who dies. What it says to PostgreSQL and to Stripe is watched."""
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database(tmp_path))
        stripe = stack.enter_context(WatchedStripe(moments))
        if database_url.startswith("postgres"):
            database_url = stack.enter_context(WatchedPostgres(database_url, moments)).url
        environment = {"DATABASE_URL": database_url, "STRIPE_API_BASE": stripe.url, "WEB_CONCURRENCY": "1"}
        shop = Shop({**environment, **KEYPAIRS})
        shop.manage("prepare")
        shop.manage("shell", "--command", WHAT_IS_SOLD)
        shop.start()
        stack.callback(shop.stop)
        yield shop


class Shopper:
    """Somebody with a browser, whose answers may never arrive."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.session = requests.Session()
        self.order = ""

    def send(self, path: str, values: Any = None, **headers: str) -> requests.Response | None:
        try:
            return self.session.post(
                f"{self.shop.url}{path}", values, headers=headers, allow_redirects=False, timeout=30
            )
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return None

    def look(self, path: str) -> None:
        try:
            self.session.get(f"{self.shop.url}{path}", timeout=30)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return

    def fill_cart(self) -> None:
        self.send(f"/cart/add/{ITEM}", {"quantity": "2"}, **JSON)
        self.send("/cart/code", {"code": "SPRING"}, **JSON)
        answer = self.session.get(f"{self.shop.url}/cart", headers=JSON, timeout=30)
        self.content = answer.json()["content"]

    def check_out(self) -> str:
        """The page where it is paid; empty if no answer came."""
        response = self.send("/cart/checkout", {"content": self.content})
        return response.headers["Location"] if response is not None else ""

    def have_order(self) -> None:
        response = self.send(f"/buy/{ITEM}", {"quantity": "2"}, **JSON)
        assert response is not None
        self.page = response.json()["url"]
        session = client_for(keypair_for("USD")).v1.checkout.sessions.retrieve(response.json()["id"])
        self.order = session.client_reference_id or ""

    def have_order_to_pay_here(self) -> None:
        response = self.send(f"/intent/{ITEM}", {"quantity": "2"}, **JSON)
        assert response is not None
        self.order = response.json()["order"]

    def go_to_page(self) -> str:
        response = self.send(f"/order/{self.order}/checkout", **JSON)
        return response.json()["url"] if response is not None else ""

    def open_here(self) -> str:
        response = self.send(f"/order/{self.order}/intent")
        return response.text if response is not None else ""


def pay_page(url: str) -> None:
    card = {"email": "shopper@example.com", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}
    assert Client().post(urlsplit(url).path, {**card, "webhook": "lose"}).status_code == 303


def pay_secret(answer: str) -> None:
    assert "error" not in pay_here(json.loads(answer))


Prepare = Callable[[Shopper], None]
Act = Callable[[Shopper], str]
Pay = Callable[[str], None]
PURCHASES: dict[str, tuple[Prepare, Act, Pay]] = {
    "checks out a cart": (Shopper.fill_cart, Shopper.check_out, pay_page),
    "opens the shop's own page": (Shopper.have_order, Shopper.open_here, pay_secret),
    "goes to Stripe's page after all": (Shopper.have_order_to_pay_here, Shopper.go_to_page, pay_page),
}


@pytest.mark.parametrize("purchase", PURCHASES)
def test_a_purchase_during_which_the_shop_is_killed_is_paid_once_or_gives_everything_back(
    shop: Shop, moments: Moments, purchase: str
) -> None:
    """One shopper tries again and pays, another stays away; no webhook arrives, and nobody comes back."""
    prepare, act, pay = PURCHASES[purchase]
    for is_patient in (True, False):
        for moment in every_moment(moments):
            shopper = Shopper(shop)
            prepare(shopper)
            shop.rows("DELETE FROM payments_counterpart")
            with moments.killing(lambda: shop.workers, at=moment):
                answer = act(shopper)
            if is_patient:
                pay(answer or act(shopper))
    assert_all_was_seen(shop, moments)
    assert_the_shop_agrees_with_stripe(shop)


def settle_by_coming_back(shopper: Shopper) -> None:
    shopper.look(f"/order/{shopper.order}")


def settle_by_webhook(shopper: Shopper) -> None:
    session = client_for(keypair_for("USD")).v1.checkout.sessions.list({"limit": 1}).data[0].to_dict()
    event = {"id": f"evt_{session['id']}", "object": "event", "type": "checkout.session.completed", "livemode": False}
    body = json.dumps(event | {"data": {"object": session}})
    signature = WebhookSignature.generate_signature_header(body, KEYPAIRS["STRIPE_USD_WEBHOOK_SECRET"])
    shopper.send("/webhooks/stripe", body, **{"Stripe-Signature": signature})


@pytest.mark.parametrize("settle", [settle_by_coming_back, settle_by_webhook])
def test_an_order_is_paid_once_though_the_shop_is_killed_while_it_settles(
    shop: Shop, moments: Moments, settle: Callable[[Shopper], None]
) -> None:
    for moment in every_moment(moments):
        shopper = Shopper(shop)
        shopper.have_order()
        pay_page(shopper.page)
        shop.rows("UPDATE payments_payment SET checked_at = NULL")
        with moments.killing(lambda: shop.workers, at=moment):
            settle(shopper)
    assert_all_was_seen(shop, moments)
    assert_the_shop_agrees_with_stripe(shop)


def test_an_order_is_paid_once_though_a_reconciliation_is_killed(shop: Shop, moments: Moments) -> None:
    for moment in every_moment(moments):
        shopper = Shopper(shop)
        shopper.have_order()
        pay_page(shopper.page)
        with (
            subprocess.Popen(
                [sys.executable, ROOT / "manage.py", "reconcile"], env=shop.environment, stdout=subprocess.DEVNULL
            ) as process,
            moments.killing(lambda: [process.pid], at=moment),
        ):
            process.wait(timeout=60)
    assert_all_was_seen(shop, moments)
    assert_the_shop_agrees_with_stripe(shop)


def every_moment(moments: Moments) -> Iterator[int]:
    """The first, the second, and so on, until all was done before it was reached."""
    moment = 1
    while True:
        yield moment
        if not moments.is_over:
            return
        moment += 1


def assert_all_was_seen(shop: Shop, moments: Moments) -> None:
    """The last time, nothing was killed: what went on between the shop and the others is known to the end."""
    assert any(name.startswith("after ") and "/v1/" in name for name in moments.seen)
    if shop.is_on_postgres:
        assert {"before COMMIT", "after COMMIT"} <= set(moments.seen)


def assert_the_shop_agrees_with_stripe(shop: Shop) -> None:
    """After one reconciliation, when those who stayed away have done so for a while."""
    shop.rows(
        HOURS_PASS.format("created - interval '2 hours'" if shop.is_on_postgres else "datetime(created, '-2 hours')")
    )
    shop.manage("reconcile")
    charged = [charge.amount for charge in client_for(keypair_for("USD")).v1.charges.list({"limit": 100}).data]
    paid = [amount for (amount,) in shop.rows("SELECT total_amount FROM payments_order WHERE status = 'paid'")]
    assert sorted(paid) == sorted(charged)
    assert dict(shop.rows("SELECT status, COUNT(*) FROM payments_payment GROUP BY status")).keys() <= {
        "paid",
        "expired",
        "failed",
    }
    assert shop.rows("SELECT COUNT(*) FROM payments_payment WHERE status = 'paid'") == [(len(paid),)]
    assert shop.rows("SELECT COUNT(*) FROM payments_order WHERE holds_stock") == [(0,)]
    assert shop.rows("SELECT MIN(stock) FROM payments_item") == [(STOCK - 2 * len(paid),)]
    told = "SELECT COUNT(*) FROM payments_order WHERE status = 'paid' AND email <> ''"
    assert shop.rows("SELECT COUNT(*) FROM payments_orderemail") == shop.rows(told)
