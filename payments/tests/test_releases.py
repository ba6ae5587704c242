"""A release migrates while the one before still sells."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from payments.models import Order, OrderEmail, Payment, StripeEvent


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
