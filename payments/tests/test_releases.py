"""A release migrates while the one before still sells."""

from collections.abc import Iterator

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from payments.models import Order, OrderChange, OrderEmail, OrderLine, Payment, Refund, StripeEvent


@pytest.mark.django_db
def test_the_release_before_takes_orders_payments_and_events_with_the_tables_of_this_one() -> None:
    before = MigrationLoader(connection).project_state(("payments", "0002_one_order_one_currency")).apps
    order = before.get_model("payments", "Order").objects.create(currency="USD", created=timezone.now())
    before.get_model("payments", "Payment").objects.create(
        order=order, attempt=1, publishable_key="pk_test_sandbox_usd", livemode=False, currency="USD", amount=100
    )
    before.get_model("payments", "StripeEvent").objects.create(
        account="pk_test_sandbox_usd", event_id="evt_1", type="charge.refunded", livemode=False
    )
    assert (Order.objects.get().refunded, Payment.objects.get().refunded_amount) == ("not", 0)
    outbox = MigrationLoader(connection).project_state(("payments", "0009_order_language")).apps
    outbox.get_model("payments", "OrderEmail").objects.create(order_id=order.pk, kind="confirmation")
    assert OrderEmail.objects.due().get().order == Order.objects.get()
    assert list(StripeEvent.objects.waiting()) == []
    assert StripeEvent.objects.get().is_cut_down


def migrate(*targets: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


@pytest.fixture
def forth_again(transactional_db: None) -> Iterator[None]:
    yield
    migrate()


@pytest.mark.usefixtures("forth_again")
def test_a_shop_with_mails_of_refunds_and_links_goes_back_to_the_release_before_and_forth() -> None:
    order = Order.objects.create(currency="USD", email="anna@shopper.example", status="paid", paid_at=timezone.now())
    payment = Payment.objects.create(
        order=order, attempt=1, publishable_key="pk_test_sandbox_usd", livemode=False, currency="USD", amount=300
    )
    for number in (1, 2):
        refund = Refund.objects.create(payment=payment, amount=100, status="succeeded", stripe_id=f"re_{number}")
        OrderEmail.objects.create(order=order, kind="refund", refund=refund)
    OrderEmail.objects.create(order=order, kind="payment_link")
    confirmation = OrderEmail.objects.create(order=order, kind="confirmation")
    migrate(("payments", "0009_order_language"))
    before = MigrationLoader(connection).project_state(("payments", "0009_order_language")).apps
    # Whatever is there, that release would send as a confirmation.
    assert [mail.pk for mail in before.get_model("payments", "OrderEmail").objects.all()] == [confirmation.pk]
    migrate()
    assert OrderEmail.objects.due().get() == confirmation


@pytest.mark.usefixtures("forth_again")
def test_a_shop_that_goes_back_finds_the_orders_of_an_item_by_an_index_again() -> None:
    for _ in range(2):
        migrate(("payments", "0016_times_for_the_board"))
        assert indexed(OrderLine._meta.db_table, "item_id")
        assert indexed(Payment._meta.db_table, "order_id")
        migrate()
        assert not indexed(OrderLine._meta.db_table, "item_id")


@pytest.mark.usefixtures("forth_again")
def test_a_way_back_that_ended_half_way_is_gone_to_its_end_by_the_next_try() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("with SQLite a migration is done as a whole or not at all")
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX events_that_wait ON payments_stripeevent (id)")
    migrate(("payments", "0016_times_for_the_board"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'events_that_wait'")
        assert "received" in cursor.fetchone()[0]


def indexed(table: str, column: str) -> bool:
    """Whether it has an index of its own that may have the same value twice."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return any(each["index"] and not each["unique"] and each["columns"] == [column] for each in found.values())


@pytest.mark.usefixtures("forth_again")
def test_what_staff_did_is_copied_once_however_often_the_shop_goes_back_and_forth(admin_user: User) -> None:
    order = Order.objects.create(currency="USD")
    LogEntry.objects.create(
        user=admin_user,
        content_type=ContentType.objects.get_for_model(Order),
        object_id=str(order.pk),
        action_flag=CHANGE,
        change_message="[]",
    )
    for _ in range(2):
        migrate(("payments", "0011_what_happened_to_an_order"))
        migrate()
        assert OrderChange.objects.get().by == admin_user
