"""How the shop does while Stripe is slow, while it is deployed anew, and while somebody keeps others from it."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from benchmarks.bench import MANY_THREADS, Bench, Server
from benchmarks.load import in_one_instant, wrk
from benchmarks.rows import Row, alone, at_least, at_most, exactly, in_turn
from benchmarks.stripe_server import StripeServer, running_stripe

CONNECTIONS = 16
SECONDS = 4
IN_FLIGHT = 60
SLOW_SENDERS = 150
BUYERS_WHO_WAIT = 50
BUYERS_WHO_HANG = 200
# Four fifths of a process's threads may wait for Stripe: all who buy, if one process has them all.
ROOM_FOR_ALL = {"WEB_CONCURRENCY": "2", "WEB_THREADS": "64"}


def pages_while_buying(bench: Bench) -> Iterator[Row]:
    """pages while 50 shoppers wait for Stripe ÷ pages alone"""
    for kind in bench.databases:
        with (
            running_stripe(bench.folder, delay=0.3) as stripe,
            bench.shop(kind, **ROOM_FOR_ALL, **stripe.environment) as shop,
        ):
            rounds = in_turn(bench.rounds, lambda: rate_while_buying(shop), lambda: rate_of_pages(shop))
        yield Row(f"item page while 50 buy, {kind}", "item page alone", rounds, "answers a second", at_least(0.70))


def rate_of_pages(shop: Server) -> float:
    load = wrk(shop.url + "/item/1", connections=CONNECTIONS, seconds=SECONDS, script="visitor.lua")
    assert not load.refused
    return load.per_second


def rate_while_buying(shop: Server) -> float:
    with buying(shop, BUYERS_WHO_WAIT, SECONDS + 2):
        return rate_of_pages(shop)


@contextmanager
def buying(shop: Server, count: int, seconds: int) -> Iterator[None]:
    """So many buy, each again as soon as they have an answer, and none is refused."""
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(wrk, shop.url + "/buy/1", connections=count, seconds=seconds, script="buy.lua")
        time.sleep(1)
        yield
        assert not load.result().refused, f"{load.result().refused} buys were refused"


def pages_while_stripe_hangs(bench: Bench) -> Iterator[Row]:
    """p99 of the item page while 200 buys wait on a Stripe that hangs ÷ its p99 when nothing else happens"""
    for kind in bench.databases:
        with (
            running_stripe(bench.folder, delay=3600) as stripe,
            bench.shop(kind, **MANY_THREADS, **stripe.environment) as shop,
        ):
            p99_of_pages(shop)
            rounds = in_turn(bench.rounds, lambda: p99_while_hanging(shop, stripe), lambda: p99_of_pages(shop))
        yield Row(f"p99 of item page while Stripe hangs, {kind}", "idle", rounds, "s", at_most(3))


def p99_of_pages(shop: Server) -> float:
    load = wrk(shop.url + "/item/1", connections=2, seconds=SECONDS, script="visitor.lua")
    assert not load.refused
    return load.p99


def p99_while_hanging(shop: Server, stripe: StripeServer) -> float:
    """Whoever buys is told to try again after some 15 seconds, so that the next round begins with nobody."""
    buyers = threading.Thread(target=in_one_instant, args=(shop.url + "/buy/1", BUYERS_WHO_HANG))
    buyers.start()
    time.sleep(2)
    measured = p99_of_pages(shop)
    buyers.join()
    return measured


def deploy(bench: Bench) -> Iterator[Row]:
    """buys in flight when the shop is told to stop that are answered, of 60"""
    for kind in bench.databases:
        answered = [float(answered_while_stopping(bench, kind)) for _ in range(bench.rounds)]
        yield Row(f"of 60 buys at SIGTERM answered, {kind}", "", alone(answered), "buys", exactly(IN_FLIGHT))


def answered_while_stopping(bench: Bench, kind: str) -> int:
    with (
        running_stripe(bench.folder, delay=2) as stripe,
        bench.shop(kind, **MANY_THREADS, **stripe.environment) as shop,
    ):
        stop = threading.Timer(1, shop.process.terminate)
        stop.start()
        answers = in_one_instant(shop.url + "/buy/1", IN_FLIGHT)
        stop.join()
    return sum(answer.status == 200 for answer in answers)


def slow_senders(bench: Bench) -> Iterator[Row]:
    """seconds that a page takes while 150 clients have sent half of a request's head"""
    with bench.shop("sqlite") as shop:
        seconds = [seconds_of_page(shop) for _ in range(bench.rounds)]
    yield Row("item page while 150 send slowly", "", alone(seconds), "s", at_most(0.25))


def seconds_of_page(shop: Server) -> float:
    """The slowest of ten."""
    senders = [socket.create_connection(("127.0.0.1", shop.port)) for _ in range(SLOW_SENDERS)]
    for sender in senders:
        sender.sendall(b"GET /item/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    time.sleep(0.5)
    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        requests.get(f"{shop.url}/item/1", timeout=60).raise_for_status()
        seconds.append(time.perf_counter() - started)
    for sender in senders:
        sender.close()
    return max(seconds)
