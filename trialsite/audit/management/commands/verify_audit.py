"""`manage.py verify_audit`: every hash chain, entry by entry; the tables against the trail; the guards."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trialsite.audit import checkpoint
from trialsite.audit.verification import CHECKS, one_moment


class Command(BaseCommand):
    help = "Verify the audit trail; names each broken entry and ends with an error when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoint", type=Path, help="a file of audit_checkpoint that was kept elsewhere"
        )
        parser.add_argument("--public-key", type=Path, help="the public key to hold its signature against")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = self._kept(options["checkpoint"], options["public_key"])
        with one_moment() as cursor:
            broken = [sentence for check in CHECKS for sentence in check(cursor)]
            broken += checkpoint.faults(cursor, kept) if kept else ()
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
