"""For migrations that change the table of orders, order lines or payments.

SQLite makes a changed table anew, which the triggers of 0002 stand in the way of and would not survive.
"""

from importlib import import_module

from django.db import migrations

triggers = import_module("payments.migrations.0002_one_order_one_currency")


def while_tables_change(*operations):
    """The operations, with the triggers put away before them and back after them, in either direction."""
    return [
        migrations.RunPython(put_away, put_back),
        *operations,
        migrations.RunPython(put_back, put_away),
    ]


def put_away(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        triggers.let_currencies_mix(apps, schema_editor)


def put_back(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        triggers.keep_one_currency(apps, schema_editor)
