"""PostgreSQL finds parts of names by an index of trigrams. Without the right to add its extension, the search is slower
and everything else as it was.
"""

from django.contrib.postgres.operations import TrigramExtension
from django.db import DatabaseError, migrations

INDEX = "items_by_parts_of_name"


def add_index(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        TrigramExtension().database_forwards("payments", schema_editor, None, None)
    except DatabaseError as error:
        print(f"\n  Items are searched without an index, since pg_trgm cannot be added: {error}")  # noqa: T201
        return
    # One that was begun and not ended would be there, and serve nothing.
    schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
    # As Django writes `icontains`. The shop sells meanwhile.
    schema_editor.execute(
        f"CREATE INDEX CONCURRENTLY {INDEX} ON payments_item USING gin (UPPER(name::text) gin_trgm_ops)"
    )


def remove_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    # An index is not made "concurrently" within a transaction.
    atomic = False
    dependencies = [("payments", "0013_items_are_found")]
    operations = [migrations.RunPython(add_index, remove_index)]
