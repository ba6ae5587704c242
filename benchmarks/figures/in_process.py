"""What the item page costs in CPU, without a server."""

import json
from collections.abc import Iterator

from benchmarks.bench import Bench, inside, manage
from benchmarks.rows import Row, at_least

TARGETS = {"sqlite": at_least(0.35), "postgres": at_least(0.25)}


def item_page(bench: Bench) -> Iterator[Row]:
    """CPU of the whole stack answering two bytes ÷ item page, warm, in process"""
    for kind in bench.databases:
        with bench.database(kind) as url:
            environment = bench.environment(url)
            manage(environment, "prepare")
            rounds = json.loads(inside(environment, "pages", "/item/1", str(bench.rounds)))
        yield Row(f"two bytes ÷ item page, CPU, {kind}", "item page", rounds, "s of CPU", TARGETS[kind])
