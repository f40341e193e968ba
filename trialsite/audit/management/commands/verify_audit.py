"""`manage.py verify_audit`: every hash chain, entry by entry; the tables against the trail; the guards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from trialsite.audit import checkpoint, guards, readiness, replay


class Command(BaseCommand):
    help = "Verify the audit trail; names each broken entry and ends with an error when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoint", type=Path, help="a file of audit_checkpoint that was kept elsewhere"
        )
        parser.add_argument("--public-key", type=Path, help="the public key to hold its signature against")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = self._kept(options["checkpoint"], options["public_key"])
        with transaction.atomic(), connection.cursor() as cursor:
            # One moment for all questions: work goes on meanwhile.
            cursor.execute("set transaction isolation level repeatable read, read only")
            broken = [*_chains(cursor), *(checkpoint.faults(cursor, kept) if kept else ())]
            broken += [*_guards(cursor), *map(str, replay.differences(cursor))]
            cursor.execute("select count(*), count(distinct chain) from audit.event")
            entries, chains = cursor.fetchone()
        for sentence in broken:
            self.stderr.write(sentence)
        if broken:
            raise CommandError(f"{len(broken)} faults in {entries} entries.")
        self.stdout.write(
            f"{entries} entries in {chains} chains: every one follows from the one before it;"
            " the tables are what the entries add up to, and the guards as the last migration left them."
            + (f" All that the checkpoint of {kept.at} knew is there." if kept else "")
        )

    def _kept(self, file: Path | None, key: Path | None) -> checkpoint.Checkpoint | None:
        if file is None and key is None:
            return None
        if file is None or key is None:
            raise CommandError("--checkpoint and --public-key belong together.")
        try:
            return checkpoint.read(file.read_text(), key)
        except (checkpoint.Invalid, OSError) as error:
            raise CommandError(str(error)) from error


def _chains(cursor: Any) -> Iterator[str]:
    cursor.execute("select chain, n, problem from audit.verify() order by chain, n")
    for chain, n, problem in cursor.fetchall():
        yield f"{chain}, entry {n}: {problem}"


def _guards(cursor: Any) -> Iterator[str]:
    yield from readiness.guard(cursor)
    for name, (before, now) in guards.changed(cursor).items():
        yield guards.sentence(name, before, now)
