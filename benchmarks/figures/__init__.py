"""What is measured, in the order of the table. Each takes the bench and yields rows; its first line says what it is."""

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.figures import bad_weather, first_buy, in_process, memory, pages, peer, transfer, webhooks
from benchmarks.rows import Row

FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "in-process": in_process.item_page,
    "page": pages.item_page,
    "catalog": pages.catalog,
    "while-buying": bad_weather.pages_while_buying,
    "while-hanging": bad_weather.pages_while_stripe_hangs,
    "deploy": bad_weather.deploy,
    "slow-senders": bad_weather.slow_senders,
    "webhooks": webhooks.webhooks,
    "memory": memory.memory,
    "first-buy": first_buy.first_buy,
    "transfer": transfer.item_page,
    "peer": peer.beside_ours,
}
