"""However many items and orders there are, a page reads no more than it shows: by indexes, each of which is of use."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from benchmarks.figures import growth
from benchmarks.seed import Rows
from payments.admin.long_lists import MOST_COUNTED
from payments.models import Order, OrderEmail, Payment, StripeEvent

MANY = 20_000
# Rows that PostgreSQL looks at, and steps of SQLite's machine, of which it takes some for each row.
MOST = {"postgresql": 4 * MOST_COUNTED, "sqlite": 25 * MOST_COUNTED}
Statement = tuple[str, Any]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """Staff's browser, in a shop with so many of each that a plan tells what becomes of a million."""
    with django_db_blocker.unblock(), transaction.atomic():
        kind = "sqlite" if connection.vendor == "sqlite" else "postgres"
        with connection.cursor() as cursor:
            for statement in Rows(kind, MANY, MANY, int(time.time())).statements():
                cursor.execute(statement)
            cursor.execute("ANALYZE")
            if connection.vendor == "postgresql":
                # Tables of so few pages are read from end to end the fastest; of a million rows they would not be.
                cursor.execute("SET LOCAL enable_seqscan = off")
        # Else each test would check all of them again at its end.
        connection.check_constraints()
        client = Client()
        client.force_login(get_user_model().objects.create_superuser("admin"))
        yield client
        transaction.set_rollback(True)


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """All that is read meanwhile."""
    found: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def looked_at(statement: Statement) -> int:
    """By PostgreSQL, the most rows that any part of its plan looks at; by SQLite, steps."""
    if connection.vendor == "sqlite":
        return steps_of(statement)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement[0]}", statement[1])
        (plan,) = cursor.fetchone()[0]
    return max(rows_of(plan["Plan"]))


def rows_of(node: dict[str, Any]) -> Iterator[int]:
    kept_and_not = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    yield node["Actual Loops"] * sum(node.get(name, 0) for name in kept_and_not)
    for part in node.get("Plans", []):
        yield from rows_of(part)


def steps_of(statement: Statement) -> int:
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.connection.set_progress_handler(step, 1)
    try:
        with connection.cursor() as cursor:
            cursor.execute(*statement)
            cursor.fetchall()
    finally:
        connection.connection.set_progress_handler(None, 1)
    return steps


def plan_of(statement: Statement) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement[0]}", statement[1])
        return json.dumps(cursor.fetchall())


PAGES = [path for _target, _who, paths in growth.PAGES.values() for path in paths]
# The board adds up a period's orders; and on SQLite parts of names are looked for one by one.
READS_MORE = ("/board/", "item/?q=Zebrawood")


@pytest.mark.parametrize("path", [path for path in PAGES if not any(part in path for part in READS_MORE)])
def test_a_page_reads_no_more_than_it_shows(shop: Client, path: str) -> None:
    with statements() as read:
        assert shop.get(path).status_code == 200
    for statement in read:
        assert looked_at(statement) <= MOST[connection.vendor], statement


# What the shop looks for by itself, while nobody waits for a page.
OWN_WORK: list[Callable[[], Any]] = [
    Payment.objects.due_for_reading().exists,
    Order.objects.holding_for_nobody().exists,
    OrderEmail.objects.due().exists,
    lambda: StripeEvent.objects.cut_down(received_before=timezone.now() - timedelta(days=90)),
]


def test_every_index_is_of_use(shop: Client) -> None:
    with statements() as read:
        for path in ["/admin/", "/item/by_order/1", *PAGES]:
            shop.get(path)
        for work in OWN_WORK:
            work()
    plans = " ".join(map(plan_of, read))
    ours = [index.name for model in apps.get_app_config("payments").get_models() for index in model._meta.indexes]
    unused = [name for name in ours if name not in plans]
    assert not unused, unused
