"""Several web processes on one PostgreSQL: what they share, and how much of a core a buy takes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from benchmarks.bench import Bench, Server, manage, web_line
from benchmarks.figures.buys import LIMITS
from benchmarks.load import Load, wrk
from benchmarks.processes import cpu_seconds_of
from benchmarks.rows import Row, alone, in_turn
from benchmarks.stripe_server import running_stripe

COUNTS = (2, 4, 8)
# In all: the same load, spread over more processes. One has places for 41 of them, and a queue for the others.
BUYERS = 48
READERS = 16
SECONDS, PAUSE = 4, 2
THREADS = "64"


def processes(bench: Bench) -> Iterator[Row]:
    """two, four and eight web processes on one PostgreSQL ÷ one, and the CPU of a buy"""
    if "postgres" not in bench.databases:
        return
    with several(bench, max(COUNTS)) as servers:
        for what, path, script, load in (
            ("buys", "/buy/1", "buy.lua", BUYERS),
            ("pages", "/item/1", "visitor.lua", READERS),
        ):
            for count in COUNTS:
                rounds = in_turn(
                    bench.rounds,
                    lambda: rate(servers[:count], path, script, load),  # noqa: B023  (called before the next)
                    lambda: rate(servers[:1], path, script, load),  # noqa: B023
                )
                yield Row(f"{what} by {count} web processes", "by one", rounds, "answers a second")
        yield Row(
            "buys a second that one core does", "", alone([buys_of_a_core(servers[0]) for _ in range(bench.rounds)]), ""
        )


@contextmanager
def several(bench: Bench, count: int) -> Iterator[list[Server]]:
    """Web processes of one worker each, which know of each other by the database alone."""
    with bench.database("postgres") as url, running_stripe(bench.folder, delay=0.3) as stripe, ExitStack() as stack:
        environment = bench.environment(url, WEB_CONCURRENCY="1", WEB_THREADS=THREADS, **stripe.environment, **LIMITS)
        manage(environment, "prepare")
        command = bench.web or web_line()
        yield [stack.enter_context(bench.served(command, environment, "/readyz")) for _ in range(count)]


def rate(servers: list[Server], path: str, script: str, connections: int) -> float:
    def ask(server: Server) -> Load:
        return wrk(server.url + path, connections=connections // len(servers), seconds=SECONDS, script=script)

    with ThreadPoolExecutor(len(servers)) as pool:
        loads = list(pool.map(ask, servers))
    assert not any(load.refused for load in loads), loads
    # Buyers who are not answered when it ends still have a thread.
    time.sleep(PAUSE)
    return sum(load.per_second for load in loads)


def buys_of_a_core(server: Server) -> float:
    before = cpu_seconds_of(server.process.pid)
    load = wrk(server.url + "/buy/1", connections=BUYERS // 2, seconds=SECONDS, script="buy.lua")
    return load.count / (cpu_seconds_of(server.process.pid) - before)
