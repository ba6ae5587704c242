"""Indexes of tables that may be large: PostgreSQL makes and drops them while the shop sells, outside a transaction.

SQLite does it as ever. A migration with them is `atomic` where PostgreSQL is not.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, migrations, models

ON_POSTGRES = connection.vendor == "postgresql"


class AddIndexAnew(AddIndexConcurrently):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        # One that was begun and not ended would be there, and serve nothing.
        self.database_backwards(app_label, schema_editor, to_state, from_state)
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class RemoveIndexAndBack(RemoveIndexConcurrently):
    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        # As above: going back may be begun and not ended, too.
        self.database_forwards(app_label, schema_editor, to_state, from_state)
        super().database_backwards(app_label, schema_editor, from_state, to_state)


AddIndex = AddIndexAnew if ON_POSTGRES else migrations.AddIndex
RemoveIndex = RemoveIndexAndBack if ON_POSTGRES else migrations.RemoveIndex


class WithoutIndex(migrations.AlterField):
    """A foreign key that loses the index of its own. PostgreSQL would check the key of every row anew, under a lock."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if not ON_POSTGRES:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        columns = [model._meta.get_field(self.name).column]
        for name in schema_editor._constraint_names(model, columns, index=True, unique=False, type_=models.Index.suffix):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        # On PostgreSQL this drops what was begun and not ended.
        self.database_forwards(app_label, schema_editor, from_state, to_state)
        if ON_POSTGRES:
            model = to_state.apps.get_model(app_label, self.model_name)
            field = model._meta.get_field(self.name)
            schema_editor.execute(schema_editor._create_index_sql(model, fields=[field], concurrently=True))


def made_anew(model, constraint):
    """A unique constraint in another order. PostgreSQL has it without a break: the index is there before it is changed."""
    operations = [migrations.RemoveConstraint(model, constraint.name), migrations.AddConstraint(model, constraint)]
    if not ON_POSTGRES:
        return migrations.SeparateDatabaseAndState(operations, operations)
    table, index, columns = f"payments_{model}", f"{constraint.name}_anew", ", ".join(constraint.fields)
    statements = [
        f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
        f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({columns})",
        f"ALTER TABLE {table} DROP CONSTRAINT {constraint.name}, "
        f"ADD CONSTRAINT {constraint.name} UNIQUE USING INDEX {index}",
    ]
    # Going back, the order is of no matter.
    in_database = [migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in statements]
    return migrations.SeparateDatabaseAndState(in_database, operations)
