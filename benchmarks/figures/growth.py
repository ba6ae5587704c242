"""What a page costs more with a million items and a million orders than with a thousand of each."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from functools import partial

from benchmarks.bench import ROOT, Bench, manage
from benchmarks.rows import Row, Target, at_most, in_turn
from benchmarks.seed import seed

FEW, MANY = 1_000, 1_000_000
# Of CPU, in each turn and of each page. What else the machine does changes within seconds, so turns are short and many.
SECONDS, TURNS = 0.05, 7
SAME, SEARCHED = at_most(1.05), at_most(1.5)
ADMIN = "/admin/payments"
# Two years ago each shop has the same nine hundred orders.
YEAR = [date.today() - timedelta(days=days) for days in (735, 366)]
FILTERS = {
    "item": ("currency=EUR", "on_sale__exact=0", "left=few", "left=none", "o=2"),
    "order": (
        *("state=paid", "state=complete", "state=processing", "state=waiting", "state=over", "refunded__exact=partly"),
        *("dispute__exact=open", "currency=EUR", "currency=GBP", f"created__gte={date.today()}%2000:00Z"),
    ),
    "payment": (
        "status__exact=processing",
        "status__exact=created",
        "method__exact=intent",
        "currency=EUR",
        "livemode=1",
    ),
    "refund": ("status__exact=pending", "reason__exact=duplicate", "currency=EUR"),
    "dispute": ("status__exact=needs_response", "currency=EUR"),
    "stripeevent": ("outcome__exact=received", "type=checkout.session.expired", "livemode=1", "was_fetched__exact=1"),
}
SEARCHES = {
    "item": ("q=Zebrawood", "q=7"),
    "order": ("q=7", "q=ann.10@example.com", "q=ann.10@", "q=zebrawood", "q=pi_12654435761"),
    "payment": ("q=7", "q=pi_12654435761"),
    "refund": ("q=7", "q=re_1"),
    "dispute": ("q=7", "q=du_1"),
    "stripeevent": ("q=evt_1",),
}
PAGES: dict[str, tuple[Target, str, list[str]]] = {
    "item page": (SAME, "visitor", ["/item/10"]),
    "catalog, first page": (SAME, "visitor", ["/", "/?currency=EUR"]),
    "catalog, last page": (SAME, "visitor", ["/?after=25", "/?currency=EUR&after=73", "/?before=1"]),
    **{
        f"admin, {name}s": (SAME, "staff", [f"{ADMIN}/{name}/", *(f"{ADMIN}/{name}/?{each}" for each in filters)])
        for name, filters in FILTERS.items()
    },
    **{
        f"admin, {name}s searched": (SEARCHED, "staff", [f"{ADMIN}/{name}/?{each}" for each in searches])
        for name, searches in SEARCHES.items()
    },
    "board": (SEARCHED, "staff", [f"/admin/board/?period=own&first={YEAR[0]}&last={YEAR[1]}"]),
}


def pages(bench: Bench) -> Iterator[Row]:
    """pages with a million items and a million orders ÷ with a thousand of each, CPU"""
    for kind in bench.databases:
        with ExitStack() as stack:
            few, many = (stack.enter_context(shop_with(bench, kind, count)) for count in (FEW, MANY))
            for what, (target, who, paths) in PAGES.items():
                pairs = [
                    in_turn(bench.rounds * TURNS, partial(spent_by, many, who, path), partial(spent_by, few, who, path))
                    for path in paths
                ]
                rounds = [together(of_round) for of_round in zip(*pairs, strict=True)]
                told = f"{what}, {len(paths)} pages, {kind}" if len(paths) > 1 else f"{what}, {kind}"
                yield Row(f"{told}: a million ÷ a thousand", "a thousand", rounds, "s of CPU", target)


@contextmanager
def shop_with(bench: Bench, kind: str, count: int) -> Iterator[subprocess.Popen[str]]:
    """A process of a shop that has so many items and orders; see `inside.asked`."""
    with bench.database(kind) as url:
        # What PostgreSQL spends is read of the one connection, so it has to last.
        environment = bench.environment(url, DATABASE_CONNECTION_SECONDS="86400")
        for command in (["migrate"], ["collectstatic", "--noinput"], ["ensure_superuser"]):
            manage(environment, *command)
        seed(url, items=count, orders=count)
        command = [sys.executable, "-m", "benchmarks.inside.asked"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, env=environment, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
            try:
                yield process
            finally:
                process.terminate()


def spent_by(shop: subprocess.Popen[str], who: str, path: str) -> float:
    assert shop.stdin
    assert shop.stdout
    shop.stdin.write(f"{SECONDS} {who} {path}\n")
    shop.stdin.flush()
    return float(shop.stdout.readline())


def together(pages: Sequence[tuple[float, float]]) -> tuple[float, float]:
    many, few = zip(*pages, strict=True)
    return sum(many), sum(few)
