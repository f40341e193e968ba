"""`manage.py audit_checkpoint`: sign how far every chain of the audit trail has come."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trialsite.audit import checkpoint
from trialsite.audit.verification import chains, one_moment


class Command(BaseCommand):
    help = (
        "Sign the last number and hash of every chain. Keep the result where this machine cannot change it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--key",
            type=Path,
            default=os.environ.get("TRIALSITE_CHECKPOINT_KEY") or None,
            help="the private Ed25519 key (PEM; - for standard input), or where --new-key writes it;"
            " TRIALSITE_CHECKPOINT_KEY else",
        )
        parser.add_argument("--out", type=Path, help="where to write; standard output else")
        parser.add_argument("--new-key", action="store_true", help="make a key pair: FILE and FILE.pub")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["key"]:
            raise CommandError("Name the key: --key FILE, or the variable TRIALSITE_CHECKPOINT_KEY.")
        key = Path(options["key"])
        try:
            if options["new_key"]:
                public = checkpoint.new_key(key)
                self.stdout.write(f"{key}: keep it from the database. {public}: give it to those who verify.")
                return
            text = checkpoint.sign(self._take(), key)
        except (checkpoint.Invalid, OSError) as error:
            raise CommandError(str(error)) from error
        if options["out"]:
            options["out"].write_text(text)
        else:
            self.stdout.write(text, ending="")

    def _take(self) -> checkpoint.Checkpoint:
        """A broken trail is not signed."""
        with one_moment() as cursor:
            if any(chains(cursor)):
                raise CommandError("The trail is broken: run verify_audit. Nothing was signed.")
            return checkpoint.take(cursor)
