"""A line or a payment in another currency than its order's is refused by the database itself.

PostgreSQL does it by a foreign key over the pair (order, currency). SQLite can add none to a table that is there, so
triggers do the same; a later migration that makes one of these tables anew must call `keep_one_currency` again.
"""

from django.db import migrations

TABLES = ("payments_orderline", "payments_payment")


def keep_one_currency(apps, schema_editor):
    for table in TABLES:
        for statement in statements(schema_editor.connection.vendor, table):
            schema_editor.execute(statement)


def statements(vendor, table):
    name = f"{table}_has_the_currency_of_its_order"
    if vendor == "postgresql":
        return [
            f"ALTER TABLE {table} ADD CONSTRAINT {name} "
            "FOREIGN KEY (order_id, currency) REFERENCES payments_order (id, currency)"
        ]
    refuse = "SELECT RAISE(ABORT, 'one order has one currency')"
    return [
        *(
            f"CREATE TRIGGER {name}_on_{when} BEFORE {act} ON {table} "
            f"WHEN NEW.currency <> (SELECT currency FROM payments_order WHERE id = NEW.order_id) BEGIN {refuse}; END"
            for when, act in (("insert", "INSERT"), ("update", "UPDATE OF order_id, currency"))
        ),
        f"CREATE TRIGGER {name}_when_it_changes BEFORE UPDATE OF currency ON payments_order "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE order_id = NEW.id AND currency <> NEW.currency) BEGIN {refuse}; END",
    ]


def let_currencies_mix(apps, schema_editor):
    for table in TABLES:
        name = f"{table}_has_the_currency_of_its_order"
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        else:
            for when in ("on_insert", "on_update", "when_it_changes"):
                schema_editor.execute(f"DROP TRIGGER {name}_{when}")


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_the_shop")]

    operations = [migrations.RunPython(keep_one_currency, let_currencies_mix)]
