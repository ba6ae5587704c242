"""What a phone has to fetch before an item can be bought: the shop's own, as it comes over the line."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import requests

from benchmarks.bench import Bench
from benchmarks.rows import Row, alone, at_most

PATH = "/item/1"
# As a browser takes it: brotli is for those that came by HTTPS.
TAKEN = {"Accept-Encoding": "gzip, deflate, br", "Accept": "text/html,*/*", "X-Forwarded-Proto": "https"}
ON_THE_PAGE = re.compile(r'<(?:link rel="(?:stylesheet|icon|modulepreload)"[^>]*? href|script[^>]*? src)="([^"]+)"')


def item_page(bench: Bench) -> Iterator[Row]:
    """bytes and requests of the item page: HTML, CSS, scripts and icon, compressed, without its picture"""
    with bench.shop("sqlite", BEHIND_PROXY="True") as shop:
        sizes = fetched(shop.url, PATH)
    yield Row("kB of the item page", "", alone([sum(sizes.values()) / 1000]), "kB", at_most(25))
    yield Row("requests of the item page", "", alone([len(sizes)]), "requests", at_most(5))


def fetched(origin: str, path: str) -> dict[str, int]:
    """Bytes of each body by its address: of what scripts import as well, and not of what others serve."""
    page = requests.get(origin + path, headers=TAKEN, timeout=10)
    sizes = {path: size_of(page)}
    waiting = [urljoin(path, address) for address in ON_THE_PAGE.findall(page.text)]
    while waiting:
        address = waiting.pop()
        if address.startswith("/") and address not in sizes:
            answer = requests.get(origin + address, headers=TAKEN, timeout=10)
            sizes[address] = size_of(answer)
            if address.endswith(".js"):
                waiting += [urljoin(address, found) for found in re.findall(r'from "([^"]+)"', answer.text)]
    return sizes


def size_of(answer: requests.Response) -> int:
    answer.raise_for_status()
    return int(answer.headers["Content-Length"])
