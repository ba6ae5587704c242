"""Who comes to a shop: shoppers, Stripe, staff, and who has lost the way; by chance, but the same each time."""

import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks import deliveries
from benchmarks.bench import Server
from benchmarks.stripe_server import StripeServer

LANGUAGES = ("en-US,en", "de-CH,de", "ru")
CURRENCIES = ("", "?currency=USD", "?currency=EUR")
# Of the demo catalog.
ITEMS = range(1, 13)
# Of the same, doubled so often: in three languages it has more pages than a process may keep.
DOUBLED = 7
LARGE_CATALOG = range(1, len(ITEMS) * 2**DOUBLED + 1)
AT_ONCE = 7
Answers = Iterator[requests.Response]


class Crowd:
    """So many who come one after another at each of several tills, and go on where they were."""

    def __init__(self, shop: Server, stripe: StripeServer) -> None:
        self.tills = [everybody(shop, stripe, random.Random(till)) for till in range(AT_ONCE)]  # noqa: S311

    def ask(self, count: int) -> None:
        """So many requests, none of which may fail."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(lambda till: list(islice(till, count // AT_ONCE)), self.tills):
                pass


def everybody(shop: Server, stripe: StripeServer, chance: random.Random) -> Answers:
    while True:
        visitor = Visitor(shop.url, stripe, chance)
        yield from chance.choice(VISITS)(visitor)


@dataclass
class Visitor:
    url: str
    stripe: StripeServer
    chance: random.Random
    browser: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.browser.headers["Accept-Language"] = self.chance.choice(LANGUAGES)

    def get(self, path: str, status: int = 200, **headers: str) -> requests.Response:
        return self.ask("GET", path, status, headers=headers)

    def send(self, path: str, **values: object) -> requests.Response:
        return self.ask("POST", path, 200, data=values, headers={"Accept": "application/json"})

    def ask(self, method: str, path: str, status: int, **more: Any) -> requests.Response:
        answer = self.browser.request(method, self.url + path, timeout=60, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code}"
        return answer


def look_around(visitor: Visitor) -> Answers:
    yield visitor.get(f"/{visitor.chance.choice(CURRENCIES)}")
    for item in visitor.chance.sample(ITEMS, 6):
        yield visitor.get(f"/item/{item}")


def look_for_long(visitor: Visitor) -> Answers:
    """At what few others look at."""
    for item in visitor.chance.sample(LARGE_CATALOG, 30):
        yield visitor.get(f"/item/{item}")
        yield visitor.get(f"/?after={item}")


def load_files(visitor: Visitor) -> Answers:
    page = visitor.get(f"/item/{visitor.chance.choice(ITEMS)}")
    yield page
    for path in re.findall(r'"(/static/[^"]+)"', page.text):
        yield visitor.get(path)


def buy(visitor: Visitor) -> Answers:
    item = visitor.chance.choice(ITEMS)
    yield visitor.get(f"/item/{item}")
    yield visitor.send(f"/buy/{item}", quantity=visitor.chance.randint(1, 3))


def fill_a_cart(visitor: Visitor) -> Answers:
    for item in visitor.chance.sample(ITEMS, visitor.chance.randint(1, 4)):
        yield visitor.get(f"/item/{item}")
        yield visitor.send(f"/cart/add/{item}", quantity=visitor.chance.randint(1, 3))
    yield visitor.send(f"/cart/change/{item}", quantity=4)
    yield visitor.get("/cart")
    cart = visitor.get("/cart", Accept="application/json")
    yield cart
    ordered = visitor.send("/cart/checkout", content=cart.json()["content"])
    yield ordered
    visitor.stripe.tell(paid=1)
    for path in map(path_of, ordered.json()["orders"]):
        yield visitor.get(path)
        yield visitor.get(f"{path}/success")


def path_of(address: str) -> str:
    return urlsplit(address).path


def deliver(visitor: Visitor) -> Answers:
    """As Stripe."""
    for each in islice(deliveries.of_another_shop(), 4):
        headers = {"Stripe-Signature": each.signature, "Content-Type": "application/json"}
        yield visitor.ask("POST", deliveries.PATH, 200, data=each.body, headers=headers)


def get_lost(visitor: Visitor) -> Answers:
    yield visitor.get(f"/item/{visitor.chance.randint(1_000, 10_000_000)}", 404)
    yield visitor.get(f"/{visitor.chance.randbytes(8).hex()}", 404)


def sign_in(visitor: Visitor) -> Answers:
    yield visitor.get("/admin/login/")


VISITS: tuple[Callable[[Visitor], Answers], ...] = (
    look_around,
    look_for_long,
    load_files,
    buy,
    fill_a_cart,
    deliver,
    get_lost,
    sign_in,
)
