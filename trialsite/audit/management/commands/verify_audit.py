"""`manage.py verify_audit`: every hash chain, entry by entry; the tables against the trail; the guards."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from trialsite.audit import guards, readiness, replay


class Command(BaseCommand):
    help = "Verify the audit trail; names each broken entry and ends with an error when there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # One moment for all questions: work goes on meanwhile.
            cursor.execute("set transaction isolation level repeatable read, read only")
            broken = [*_chains(cursor), *_guards(cursor), *map(str, replay.differences(cursor))]
            cursor.execute("select count(*), count(distinct chain) from audit.event")
            entries, chains = cursor.fetchone()
        for sentence in broken:
            self.stderr.write(sentence)
        if broken:
            raise CommandError(f"{len(broken)} faults in {entries} entries.")
        self.stdout.write(
            f"{entries} entries in {chains} chains: every one follows from the one before it;"
            " the tables are what the entries add up to, and the guards as the last migration left them."
        )


def _chains(cursor: Any) -> Iterator[str]:
    cursor.execute("select chain, n, problem from audit.verify() order by chain, n")
    for chain, n, problem in cursor.fetchall():
        yield f"{chain}, entry {n}: {problem}"


def _guards(cursor: Any) -> Iterator[str]:
    yield from readiness.guard(cursor)
    for name, (before, now) in guards.changed(cursor).items():
        yield guards.sentence(name, before, now)
