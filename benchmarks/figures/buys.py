"""What a buy costs beside Stripe's own part in it, and how many can wait for a slow Stripe."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import MANY_THREADS, Bench, Server, inside, manage
from benchmarks.load import in_one_instant, wrk
from benchmarks.rows import Row, Target, alone, at_least, at_most
from benchmarks.stripe_server import StripeServer, running_stripe

# As .env.example has them for test keys: all that a buy writes is written.
LIMITS = {"LIMIT_BUYS": "20,1000000", "LIMIT_DECLINES": "8,8000"}
DELAY = 0.3
# So long that those who are not answered when it ends are few beside the others, and until they are answered after all.
SECONDS, PAUSE = 10, 3
IN_FLIGHT = {50: at_least(0.92), 200: at_least(0.60)}


def cpu_of_a_buy(bench: Bench) -> Iterator[Row]:
    """CPU of a buy with all that it writes ÷ the SDK's own call made alone, warm, in process"""
    for kind in bench.databases:
        with bench.database(kind) as url, running_stripe(bench.folder, delay=0) as stripe:
            environment = bench.environment(url, **stripe.environment, **LIMITS)
            manage(environment, "prepare")
            rounds = json.loads(inside(environment, "buys", str(bench.rounds)))
        yield Row(f"CPU of a buy, {kind}", "the SDK's call alone", rounds, "s of CPU", at_most(2.0))


@contextmanager
def selling(bench: Bench, kind: str, **more: str) -> Iterator[tuple[Server, StripeServer]]:
    """The shop, and a Stripe that takes its time."""
    with (
        running_stripe(bench.folder, delay=DELAY) as stripe,
        bench.shop(kind, **stripe.environment, **LIMITS, **more) as shop,
    ):
        yield shop, stripe


def in_flight(bench: Bench) -> Iterator[Row]:
    """buys a second while so many wait for Stripe ÷ as many as fit in its delay"""
    for kind in bench.databases:
        with selling(bench, kind, **MANY_THREADS) as (shop, _):
            for count, target in IN_FLIGHT.items():
                yield share_of(bench, kind, shop, count, target)


def share_of(bench: Bench, kind: str, shop: Server, count: int, target: Target) -> Row:
    rates = [rate_of(shop, count) for _ in range(bench.rounds + 1)][1:]
    rounds = [(rate, count / DELAY) for rate in rates]
    return Row(f"buys, {count} in flight, {kind}", f"{count} ÷ {DELAY} s", rounds, "buys a second", target)


def rate_of(shop: Server, count: int) -> float:
    """Without those that were told to try again, as all are who wait too long for a place."""
    load = wrk(shop.url + "/buy/1", connections=count, seconds=SECONDS, script="buy.lua")
    time.sleep(PAUSE)
    return load.per_second * (1 - load.refused / load.count)


def one_instant(bench: Bench) -> Iterator[Row]:
    """the last of 200 answers to shoppers who press Buy in one instant ÷ Stripe's delay, warm"""
    for kind in bench.databases:
        with selling(bench, kind, **MANY_THREADS) as (shop, _):
            seconds = [last_answer(shop) for _ in range(bench.rounds + 1)][1:]
        rounds = [(each, DELAY) for each in seconds]
        yield Row(f"last of 200 buys in one instant, {kind}", "Stripe's delay", rounds, "s", at_most(2.5))


def last_answer(shop: Server) -> float:
    answers = in_one_instant(shop.url + "/buy/1", 200)
    statuses = Counter(answer.status for answer in answers)
    assert statuses == {200: 200}, f"200 buys in one instant were answered by {dict(statuses)}"
    return max(answer.seconds for answer in answers)


def connections(bench: Bench) -> Iterator[Row]:
    """connections opened to Stripe per 1,000 buys, 50 in flight, warm"""
    for kind in bench.databases:
        with selling(bench, kind, **MANY_THREADS) as (shop, stripe):
            opened = [opened_per_thousand(shop, stripe) for _ in range(bench.rounds + 1)][1:]
        yield Row(f"connections per 1,000 buys, {kind}", "none", alone(opened), "connections", at_most(10))


def opened_per_thousand(shop: Server, stripe: StripeServer) -> float:
    """A process opens one more when more buy there at once than ever before. A round is about a thousand buys."""
    before = stripe.connections
    load = wrk(shop.url + "/buy/1", connections=50, seconds=SECONDS, script="buy.lua")
    assert not load.refused, f"{load.refused} of {load.count} buys were refused"
    time.sleep(PAUSE)
    # That of the question before is counted as well.
    return (stripe.connections - before - 1) * 1000 / load.count
