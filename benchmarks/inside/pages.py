"""Prints, for each round, the CPU of the whole stack answering two bytes and of a page, both warm: JSON, in seconds."""

import json
import sys
from functools import partial

from benchmarks.inside.asking import TWO_BYTES, WARM, application, ask, cpu_of
from benchmarks.rows import in_turn

REQUESTS = 400
# Whoever has been here before: a first visit sets a cookie as well.
VISITOR = f"visitor={'a' * 43}"


def main(path: str, rounds: int) -> None:
    shop = application()
    page, two_bytes = partial(ask, shop, path, cookie=VISITOR), partial(ask, shop, TWO_BYTES, cookie=VISITOR)
    for each in (page, two_bytes):
        for _ in range(WARM):
            status, _body = each()
            assert status == "200 OK", status
    pairs = in_turn(rounds, lambda: cpu_of(two_bytes, REQUESTS), lambda: cpu_of(page, REQUESTS))
    json.dump(pairs, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
