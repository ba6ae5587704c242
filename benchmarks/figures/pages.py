"""What the shop's server answers in a second, beside what it answers of the least that Django can do."""

from collections.abc import Iterator
from contextlib import ExitStack

import requests

from benchmarks.bench import Bench, Server
from benchmarks.load import wrk
from benchmarks.rows import Row, Target, at_least, in_turn
from payments.tests.shop_process import execute

CONNECTIONS = 16
SECONDS = 4
# The demo catalog has half a page of items.
PAGE_SIZE = 24
COLUMNS = "description, price, currency, picture, on_sale, stock, created, changed"
DOUBLE_THE_ITEMS = f"INSERT INTO payments_item (name, {COLUMNS}) SELECT name || ' II', {COLUMNS} FROM payments_item"  # noqa: S608
TARGETS = {"sqlite": at_least(0.30), "postgres": at_least(0.25)}


def item_page(bench: Bench) -> Iterator[Row]:
    """item page ÷ bare Django view, both by the shop's server"""
    for kind in bench.databases:
        with bench.shop(kind) as shop, bench.bare() as bare:
            yield compared(bench, f"item page, {kind}", shop, "/item/1", "bare Django view", bare, "/", TARGETS[kind])


def catalog(bench: Bench) -> Iterator[Row]:
    """catalog page of 24 items ÷ item page"""
    for kind in bench.databases:
        with ExitStack() as stack:
            shop = stack.enter_context(bench.shop(kind))
            execute(shop.environment["DATABASE_URL"], DOUBLE_THE_ITEMS)
            assert requests.get(shop.url, timeout=10).text.count('class="card"') == PAGE_SIZE
            yield compared(bench, f"catalog page, {kind}", shop, "/", "item page", shop, "/item/1", at_least(0.60))


def compared(
    bench: Bench,
    what: str,
    server: Server,
    path: str,
    baseline: str,
    other: Server,
    other_path: str,
    target: Target | None,
) -> Row:
    def rate(server: Server, path: str) -> float:
        load = wrk(server.url + path, connections=CONNECTIONS, seconds=SECONDS, script="visitor.lua")
        assert not load.refused, f"{load.refused} of {load.count} were refused at {path}"
        return load.per_second

    rate(server, path), rate(other, other_path)
    rounds = in_turn(bench.rounds, lambda: rate(server, path), lambda: rate(other, other_path))
    return Row(what, baseline, rounds, "answers a second", target)
