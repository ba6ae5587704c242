"""What the admin's history says of orders is copied to where it stays when an account is deleted."""

import re

from django.conf import settings
from django.db import migrations

ADDITION = 1
SENT = re.compile(r"Sent the link to (.+)\.")
AT_ONCE = 1000


def copy_history(apps, schema_editor):
    history = apps.get_model("admin", "LogEntry").objects.filter(
        content_type__app_label="payments", content_type__model="order"
    )
    orders = set(apps.get_model("payments", "Order").objects.values_list("pk", flat=True)) if history.exists() else set()
    change = apps.get_model("payments", "OrderChange")
    if change.objects.exists():
        # It was copied before this migration was taken back.
        return
    entries = history.order_by("pk").select_related("user")
    change.objects.bulk_create(
        (copy_of(entry, change) for entry in entries if int(entry.object_id) in orders), batch_size=AT_ONCE
    )


def copy_of(entry, change):
    sent = SENT.fullmatch(entry.change_message)
    kind = "made" if entry.action_flag == ADDITION else "link_sent" if sent else "changed"
    return change(
        order_id=int(entry.object_id),
        kind=kind,
        by=entry.user,
        by_name=entry.user.username,
        detail=sent[1] if sent else entry.change_message,
        created=entry.action_time,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0011_what_happened_to_an_order"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(copy_history, migrations.RunPython.noop)]
