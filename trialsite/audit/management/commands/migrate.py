"""`manage.py migrate`, which also brings the functions up to date and tells the trail what it changed: rows, and
the guards themselves."""

from dataclasses import dataclass
from typing import Any

from django.core.management.commands import migrate
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from trialsite.audit import functions, guards, reading, replay, secrets, settle
from trialsite.lib.database import DatabaseCursor

WHY = "manage.py migrate"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """What differed from the trail before the migration still does after it: verify_audit names it.

        The trail is replayed once, and where there is nothing to migrate not at all; afterwards only the tables that the
        migrations touched are.
        """
        with connection.cursor() as cursor:
            before = rows_before(cursor) if options["app_label"] or _left_to_migrate() else None
            unexplained = guards.unexplained(cursor)
        super().handle(*args, **options)
        with transaction.atomic(), connection.cursor() as cursor:
            if settled := not _left_to_migrate():
                functions.replace_all(cursor, *functions.folders())
                settle.settle(cursor)
                reading.grant(cursor)
            if before is not None:
                before.record_others(cursor)
            if settled:
                secrets.record(cursor, WHY)
            now = guards.states(cursor)
            guards.record(
                cursor, WHY, but={name for name, state in unexplained.items() if now.get(name) == state}
            )


@dataclass(frozen=True, slots=True)
class Before:
    """How the audited tables stood, and the rows (table, key) that differed from the trail already."""

    marks: dict[str, replay.ReplayMark]
    differing: frozenset[tuple[str, str]]

    def record_others(self, cursor: DatabaseCursor) -> None:
        for difference in list(replay.differences(cursor, replay.touched(cursor, self.marks))):
            if (difference.table, difference.row) not in self.differing:
                replay.record(cursor, difference, WHY)


def rows_before(cursor: DatabaseCursor) -> Before:
    """The marks first: what is written meanwhile counts as written since."""
    marks = replay.marks(cursor)
    return Before(
        marks, frozenset((difference.table, difference.row) for difference in replay.differences(cursor))
    )


def _left_to_migrate() -> bool:
    """Also after `migrate --plan`, or up to a migration that is not the last: the functions belong to the last."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
