"""What a process of the shop holds on to after much work, beside what it holds after a little."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, Server
from benchmarks.figures.pages import DOUBLE_THE_ITEMS
from benchmarks.processes import family_of
from benchmarks.rows import Row, at_most
from benchmarks.stripe_server import running_stripe
from benchmarks.visits import AT_ONCE, DOUBLED, Crowd
from payments.tests.shop_process import execute

FEW, MANY = 100, 10_000
# All have begun after the first hundred requests: what a thread has to itself, it has by then.
THREADS = str(AT_ONCE + 1)


def memory(bench: Bench) -> Iterator[Row]:
    """memory of a worker after 10,000 mixed requests ÷ after 100"""
    for kind in bench.databases:
        with (
            running_stripe(bench.folder, delay=0) as stripe,
            bench.shop(kind, WEB_CONCURRENCY="1", WEB_THREADS=THREADS, **stripe.environment) as shop,
        ):
            for _ in range(DOUBLED):
                execute(shop.environment["DATABASE_URL"], DOUBLE_THE_ITEMS)
            rounds = [grown(shop, Crowd(shop, stripe))]
        yield Row(f"memory after {MANY:,} requests, {kind}", f"after {FEW}", rounds, "bytes", at_most(1.1))


def grown(shop: Server, crowd: Crowd) -> tuple[float, float]:
    crowd.ask(FEW)
    after_few = resident(shop)
    crowd.ask(MANY - FEW)
    return resident(shop), after_few


def resident(shop: Server) -> float:
    """What the worker has of the machine's memory, with what it shares."""
    (_, worker) = family_of(shop.process.pid)
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
