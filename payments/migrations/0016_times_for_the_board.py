"""When a refund came back, and what disputes took: the board counts by it, and by indexes of its own."""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from payments.migrations._one_currency import while_tables_change

MOVED_NO_MONEY = ["warning_needs_response", "warning_under_review", "warning_closed", "prevented"]


def note_what_is_known(apps, schema_editor):
    """As near as can be told. Open disputes are read at Stripe again, which then says it exactly."""
    Refund, Dispute = apps.get_model("payments", "Refund"), apps.get_model("payments", "Dispute")
    Refund.objects.filter(status__in=["failed", "canceled"]).exclude(stripe_id="").update(failed_at=F("changed"))
    withdrawn = Dispute.objects.exclude(status__in=MOVED_NO_MONEY)
    withdrawn.update(withdrawn_amount=F("amount"), withdrawn_at=F("created"))
    withdrawn.filter(status="won").update(reinstated_amount=F("amount"), reinstated_at=F("changed"))


class Migration(migrations.Migration):
    dependencies = [("payments", "0015_texts_in_every_language")]

    operations = while_tables_change(
        migrations.AddField(
            "refund",
            "failed_at",
            models.DateTimeField(
                _("failed at"), null=True, blank=True, editable=False, help_text=_("When the money came back to the shop.")
            ),
        ),
        migrations.AddField(
            "dispute",
            "withdrawn_amount",
            models.BigIntegerField(
                _("withdrawn"), default=0, db_default=0, editable=False, help_text=_("In minor units.")
            ),
        ),
        migrations.AddField(
            "dispute", "withdrawn_at", models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
        ),
        migrations.AddField(
            "dispute",
            "reinstated_amount",
            models.BigIntegerField(
                _("given back"), default=0, db_default=0, editable=False, help_text=_("In minor units.")
            ),
        ),
        migrations.AddField(
            "dispute", "reinstated_at", models.DateTimeField(_("given back at"), null=True, blank=True, editable=False)
        ),
        migrations.AddIndex(
            "order",
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="orders_that_are_paid"),
        ),
        migrations.AddIndex(
            "payment",
            models.Index(fields=["created"], condition=Q(attempt=1), name="orders_first_offered"),
        ),
        migrations.AddIndex(
            "payment",
            models.Index(Coalesce("ended_at", "changed"), condition=Q(status="duplicate"), name="payments_taken_again"),
        ),
        migrations.AddIndex("refund", models.Index(fields=["created"], name="refunds_by_time")),
        migrations.AddIndex(
            "refund",
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="refunds_that_failed"),
        ),
        migrations.AddIndex(
            "dispute",
            models.Index(fields=["withdrawn_at"], condition=Q(withdrawn_at__isnull=False), name="disputes_withdrawn"),
        ),
        migrations.AddIndex(
            "dispute",
            models.Index(
                fields=["reinstated_at"], condition=Q(reinstated_at__isnull=False), name="disputes_reinstated"
            ),
        ),
        migrations.RunPython(note_what_is_known, migrations.RunPython.noop),
    )
