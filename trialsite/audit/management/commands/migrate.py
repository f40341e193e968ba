"""`manage.py migrate`, which also brings the functions up to date and tells the trail what it changed: rows, and
the guards themselves."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from trialsite.audit import functions, guards, reading, replay, settle

WHY = "manage.py migrate"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """What differed from the trail before the migration still does after it: verify_audit names it."""
        with connection.cursor() as cursor:
            rows = {(found.table, found.row) for found in replay.differences(cursor)}
            unexplained = guards.unexplained(cursor)
        super().handle(*args, **options)
        with transaction.atomic(), connection.cursor() as cursor:
            if not _left_to_migrate():
                functions.replace_all(cursor, *functions.folders())
                settle.settle(cursor)
                reading.grant(cursor)
            for found in list(replay.differences(cursor)):
                if (found.table, found.row) not in rows:
                    replay.record(cursor, found, WHY)
            now = guards.states(cursor)
            guards.record(
                cursor, WHY, but={name for name, state in unexplained.items() if now.get(name) == state}
            )


def _left_to_migrate() -> bool:
    """Also after `migrate --plan`, or up to a migration that is not the last: the functions belong to the last."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
