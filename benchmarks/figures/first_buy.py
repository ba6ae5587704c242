"""What the first buyer of a worker waits for, whom nobody has warmed it for."""

import time
from collections.abc import Iterator
from statistics import median

import requests

from benchmarks.bench import Bench, Server, manage, web_line
from benchmarks.rows import Row, Target, at_most
from benchmarks.stripe_server import running_stripe

# Of Stripe in seconds, with what is promised. Where it takes no time, all that a first buy takes longer is seen.
DELAYS: dict[float, Target | None] = {0.3: at_most(1.5), 0: None}
BUYS_AFTERWARDS = 20


def first_buy(bench: Bench) -> Iterator[Row]:
    """first buy of a worker that has just begun ÷ the median of its next ones"""
    for kind in bench.databases:
        for delay, target in DELAYS.items():
            with bench.database(kind) as url, running_stripe(bench.folder, delay=delay) as stripe:
                environment = bench.environment(url, WEB_CONCURRENCY="1", **stripe.environment)
                manage(environment, "prepare")
                rounds = [of_a_new_worker(bench, environment) for _ in range(bench.rounds)]
            what = f"first buy, Stripe takes {delay:g} s, {kind}"
            yield Row(what, "median buy", rounds, "s", target)


def of_a_new_worker(bench: Bench, environment: dict[str, str]) -> tuple[float, float]:
    with bench.served(bench.web or web_line(), environment, "/readyz") as shop:
        first = seconds_of_buy(shop)
        return first, median(seconds_of_buy(shop) for _ in range(BUYS_AFTERWARDS))


def seconds_of_buy(shop: Server) -> float:
    """Of another visitor each time."""
    started = time.perf_counter()
    requests.post(f"{shop.url}/buy/1", headers={"Accept": "application/json"}, timeout=60).raise_for_status()
    return time.perf_counter() - started
