"""What is measured, in the order of the table. Each takes the bench and yields rows; its first line says what it is."""

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.figures import bad_weather, growth, in_process, pages, peer, transfer
from benchmarks.rows import Row

FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "in-process": in_process.item_page,
    "page": pages.item_page,
    "catalog": pages.catalog,
    "while-buying": bad_weather.pages_while_buying,
    "while-hanging": bad_weather.pages_while_stripe_hangs,
    "deploy": bad_weather.deploy,
    "slow-senders": bad_weather.slow_senders,
    "transfer": transfer.item_page,
    "growth": growth.pages,
    "peer": peer.beside_ours,
}
