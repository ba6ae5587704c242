"""How many webhooks are kept and worked on in a second, beside as many POSTs that are only read."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks import deliveries
from benchmarks.bench import Bench, Server, inside
from benchmarks.deliveries import PATH
from benchmarks.load import sent, wrk
from benchmarks.rows import Row, alone, at_least, exactly, in_turn
from benchmarks.stripe_server import StripeServer, running_stripe

SENDERS, MANY_SENDERS = 16, 64
SECONDS = 4
# More than are answered in this time: none may come twice, and be done already.
IN_TIME = 4_000 * SECONDS
AT_ONCE, ORDERS = 3_000, 200
# Stripe waits no longer, and counts the delivery as failed.
PATIENCE = 10


def webhooks(bench: Bench) -> Iterator[Row]:
    """webhooks ÷ bare POST, both by the shop's server; those that fail at 64 senders"""
    for kind in bench.databases:
        with running_stripe(bench.folder, delay=0) as stripe, ExitStack() as stack:
            shop = stack.enter_context(bench.shop(kind, WEB_CONCURRENCY="2", **stripe.environment))
            bare = stack.enter_context(bench.bare(WEB_CONCURRENCY="2"))
            yield from rows_of(bench, kind, shop, bare, stripe)


def rows_of(bench: Bench, kind: str, shop: Server, bare: Server, stripe: StripeServer) -> Iterator[Row]:
    file = bench.folder / "deliveries"
    posts = partial(rate, bare, 1_000, file)
    rounds = in_turn(bench.rounds, partial(rate, shop, IN_TIME, file), posts)
    yield Row(f"webhooks, {kind}", "bare POST", rounds, "answers a second", at_least(0.13))
    rounds = in_turn(bench.rounds, partial(rate_of_settling, shop, stripe), posts)
    yield Row(f"webhooks that settle an order, {kind}", "bare POST", rounds, "answers a second")
    failures = alone([failed(shop) for _ in range(bench.rounds)])
    yield Row(f"webhooks of {MANY_SENDERS} senders that failed, {kind}", "none", failures, "deliveries", exactly(0))


def rate(server: Server, count: int, file: Path) -> float:
    """So many deliveries about nothing of ours, or as many as are answered in time, in a second."""
    deliveries.written(islice(deliveries.of_another_shop(), count), file)
    load = wrk(server.url + PATH, connections=SENDERS, seconds=SECONDS, script="delivery.lua", arguments=[str(file)])
    assert not load.refused, f"{load.refused} of {load.count} were refused"
    assert count < IN_TIME or load.count < count, "some came twice"
    return load.per_second


def rate_of_settling(shop: Server, stripe: StripeServer) -> float:
    """Each tells that an order is paid, which was not known yet."""
    bought = json.loads(inside(shop.environment, "bought", str(ORDERS)))
    stripe.tell(paid=1)
    requests = [delivery.to(shop.url) for delivery in deliveries.of_orders(bought)]
    answers = sent(shop.url, requests, senders=SENDERS, patience=PATIENCE)
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) == {200}, f"answered by {dict(statuses)}"
    return len(answers) / max(answer.seconds for answer in answers)


def failed(shop: Server) -> int:
    requests = [delivery.to(shop.url) for delivery in islice(deliveries.of_another_shop(), AT_ONCE)]
    answers = sent(shop.url, requests, senders=MANY_SENDERS, patience=PATIENCE)
    return sum(answer.status != 200 for answer in answers)
