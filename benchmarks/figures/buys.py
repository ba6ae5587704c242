"""What a buy costs beside Stripe's own part in it, and how many can wait for a slow Stripe."""

import json
from collections.abc import Iterator

from benchmarks.bench import Bench, inside, manage
from benchmarks.rows import Row, at_most
from benchmarks.stripe_server import running_stripe


def cpu_of_a_buy(bench: Bench) -> Iterator[Row]:
    """CPU of a buy with all that it writes ÷ the SDK's own call made alone, warm, in process"""
    for kind in bench.databases:
        with bench.database(kind) as url, running_stripe(bench.folder, delay=0) as stripe:
            environment = bench.environment(url, **stripe.environment)
            manage(environment, "prepare")
            rounds = json.loads(inside(environment, "buys", str(bench.rounds)))
        yield Row(f"CPU of a buy, {kind}", "the SDK's call alone", rounds, "s of CPU", at_most(2.0))
