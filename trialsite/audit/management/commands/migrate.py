"""`manage.py migrate`, which also tells the trail what it changed: rows, and the guards themselves."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection, transaction

from trialsite.audit import guards, replay

WHY = "manage.py migrate"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """A row that differed from the trail before the migration still does after it: verify_audit names it."""
        with connection.cursor() as cursor:
            before = {(found.table, found.row) for found in replay.differences(cursor)}
        super().handle(*args, **options)
        with transaction.atomic(), connection.cursor() as cursor:
            for found in list(replay.differences(cursor)):
                if (found.table, found.row) not in before:
                    replay.record(cursor, found, WHY)
            guards.record(cursor, WHY)
