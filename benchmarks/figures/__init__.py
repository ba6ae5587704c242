"""What is measured, in the order of the table. Each takes the bench and yields rows; its first line says what it is."""

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.figures import (
    bad_weather,
    buys,
    first_buy,
    growth,
    in_process,
    memory,
    pages,
    peer,
    scaling,
    transfer,
    webhooks,
)
from benchmarks.rows import Row

FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "in-process": in_process.item_page,
    "page": pages.item_page,
    "catalog": pages.catalog,
    "while-buying": bad_weather.pages_while_buying,
    "while-hanging": bad_weather.pages_while_stripe_hangs,
    "deploy": bad_weather.deploy,
    "slow-senders": bad_weather.slow_senders,
    "buy-cpu": buys.cpu_of_a_buy,
    "buys-in-flight": buys.in_flight,
    "buys-at-once": buys.one_instant,
    "buy-connections": buys.connections,
    "first-buy": first_buy.first_buy,
    "webhooks": webhooks.webhooks,
    "memory": memory.memory,
    "growth": growth.pages,
    "transfer": transfer.item_page,
    "processes": scaling.processes,
    "peer": peer.beside_ours,
}
