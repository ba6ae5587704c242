"""Another shop beside ours, in the same rounds: any that has /item/1 and /buy/1, as storefronts of this kind do."""

import os
from collections.abc import Iterator

from benchmarks.bench import Bench, Server
from benchmarks.figures.pages import compared
from benchmarks.load import wrk
from benchmarks.rows import Row, in_turn
from benchmarks.stripe_server import running_stripe

BUYERS = 50
SECONDS = 4


def beside_ours(bench: Bench) -> Iterator[Row]:
    """item page, and buys while 50 wait 0.3 s for Stripe: ours ÷ those of the shop that --peer starts

    It is given this terminal's environment, the shop's own (its database, the keys, STRIPE_API_BASE and
    STRIPE_CA_BUNDLE of the server that speaks for Stripe) and $PORT; its catalog is its own business.
    """
    if not bench.peer:
        return
    for kind in bench.databases:
        with (
            running_stripe(bench.folder, delay=0.3) as stripe,
            bench.shop(kind, **stripe.environment) as shop,
            bench.database(kind) as database_url,
            bench.served(
                bench.peer, os.environ | bench.environment(database_url, **stripe.environment), "/item/1"
            ) as peer,
        ):
            yield compared(bench, f"item page, {kind}", shop, "/item/1", "the peer's", peer, "/item/1", None)
            rounds = in_turn(bench.rounds, lambda: buys(shop), lambda: buys(peer))  # noqa: B023  (called at once)
            yield Row(f"buys, {BUYERS} in flight, {kind}", "the peer's", rounds, "buys a second")


def buys(server: Server) -> float:
    load = wrk(server.url + "/buy/1", connections=BUYERS, seconds=SECONDS)
    assert not load.refused, f"{load.refused} of {load.count} buys were refused by {server.command}"
    return load.per_second
