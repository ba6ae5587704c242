"""What staff filters by, and what the shop looks for by itself, is found by an index however many rows there are.

Foreign keys by which another index begins have none of their own any more.
"""

from django.db import migrations, models
from django.db.models import CASCADE, PROTECT, SET_NULL, Q
from django.utils.translation import gettext_lazy as _

from payments.migrations._concurrently import ON_POSTGRES, AddIndex, RemoveIndex, WithoutIndex, made_anew
from payments.migrations._one_currency import while_tables_change

IN_SOMEBODYS_HANDS = Q(status="open") | Q(status="processing") | Q(status="paid") | Q(status="duplicate")


def filtered(model, **indexes):
    """The newest with each value of a field."""
    return [AddIndex(model, models.Index(fields=[field, "-id"], name=name)) for name, field in indexes.items()]


def key(model, field, on_delete, *, related_name, **options):
    options |= {"verbose_name": _(field), "related_name": related_name, "db_index": False}
    return WithoutIndex(model, field, models.ForeignKey(f"payments.{field}", on_delete, **options))


class Migration(migrations.Migration):
    atomic = not ON_POSTGRES
    dependencies = [("payments", "0016_times_for_the_board")]

    operations = [
        *filtered(
            "payment",
            payments_by_status="status",
            payments_by_method="method",
            payments_in_a_currency="currency",
            payments_by_mode="livemode",
        ),
        *filtered("refund", refunds_by_status="status", refunds_by_reason="reason"),
        *filtered("dispute", disputes_by_status="status", disputes_in_a_currency="currency"),
        *filtered("stripeevent", events_by_outcome="outcome", events_by_type="type", events_by_mode="livemode"),
        AddIndex("refund", models.Index(fields=["stripe_id"], name="refunds_by_stripe_id")),
        AddIndex("dispute", models.Index(fields=["stripe_id"], name="disputes_by_stripe_id")),
        AddIndex(
            "order",
            models.Index(fields=["-id"], condition=Q(status="pending", total_amount=None), name="orders_never_offered"),
        ),
        AddIndex("order", models.Index(fields=["-id"], condition=Q(total_amount=0), name="orders_for_free")),
        AddIndex("order", models.Index(fields=["id"], condition=Q(holds_stock=True), name="orders_holding_stock")),
        AddIndex("orderline", models.Index(fields=["item", "-order"], name="orders_of_an_item")),
        RemoveIndex("payment", "payments_to_be_looked_at"),
        AddIndex(
            "payment",
            models.Index(fields=["id"], condition=IN_SOMEBODYS_HANDS & ~Q(problem=""), name="payments_to_be_looked_at"),
        ),
        AddIndex(
            "stripeevent",
            models.Index(fields=["account", "-id"], condition=Q(was_fetched=False), name="events_delivered"),
        ),
        AddIndex("stripeevent", models.Index(fields=["-id"], condition=Q(was_fetched=True), name="events_fetched")),
        RemoveIndex("stripeevent", "events_of_an_account"),
        RemoveIndex("stripeevent", "events_that_wait"),
        # It begins with what an event is looked for by.
        made_anew(
            "stripeevent", models.UniqueConstraint(fields=["event_id", "account"], name="an_event_is_kept_once")
        ),
        *while_tables_change(
            key("payment", "order", PROTECT, related_name="payments"),
            key("ordertax", "order", CASCADE, related_name="taxes"),
            key("orderline", "item", SET_NULL, null=True, related_name="order_lines"),
            key("orderemail", "refund", CASCADE, null=True, related_name="emails"),
            key("discountamount", "discount", CASCADE, related_name="amounts"),
            key("dispute", "payment", PROTECT, related_name="disputes"),
        ),
    ]
