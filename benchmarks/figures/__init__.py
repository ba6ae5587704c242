"""What is measured, in the order of the table. Each takes the bench and yields rows; its first line says what it is."""

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.figures import in_process, pages, webhooks
from benchmarks.rows import Row

FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "in-process": in_process.item_page,
    "page": pages.item_page,
    "catalog": pages.catalog,
    "webhooks": webhooks.webhooks,
}
