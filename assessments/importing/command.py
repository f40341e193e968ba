"""What the commands share that bring records of a form in from a file, all or nothing."""

import hashlib
from argparse import ArgumentParser
from io import BufferedReader
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from assessments.importing.records import RecordPlan
from trialsite.accounts.models import Study, User

LISTED = 1000


class RecordFileCommand(BaseCommand):
    """`participle`: what becomes of the rows, as its messages have it."""

    participle = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True, help="the study's code")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="who imports, and may enter data")
        parser.add_argument("--reason", default="", help="where the file comes from; needed unless --dry-run")
        parser.add_argument(
            "--dry-run", action="store_true", help=f"only say what would be {self.participle}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        if not options["reason"].strip() and not dry_run:
            raise CommandError("--reason: say where the file comes from; it is kept in the audit trail.")
        nothing = f"nothing was {self.participle}."
        try:
            plan = self.carry_out(_study(options["study"]), _user(options["by"]), options)
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        except PermissionDenied:
            raise CommandError(f"--by: {options['by']} may not enter data there; {nothing}") from None
        for problem in plan.problems[:LISTED]:
            self.stderr.write(str(problem))
        if plan.problems:
            raise CommandError(f"{len(plan.problems)} problems; {nothing}")
        self.stdout.write(self.result(plan))
        if dry_run:
            self.stdout.write(f"Dry run: {nothing}")

    def carry_out(self, study: Study, by: User, options: dict[str, Any]) -> RecordPlan:
        raise NotImplementedError

    def result(self, plan: RecordPlan) -> str:
        raise NotImplementedError


def reason_with_hash(file: BufferedReader, reason: str) -> str:
    """`reason` and which file it was, for the audit trail; the file is read again from its start."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return f"{reason} (file SHA-256 {digest[:16]})"


def _study(code: str) -> Study:
    study = Study.objects.filter(code=code).first()
    if study is None:
        raise CommandError(f"--study: no study {code!r} is loaded.")
    return study


def _user(username: str) -> User:
    user = User.objects.filter(username__iexact=username, is_active=True).first()
    if user is None:
        raise CommandError(f"--by: nobody is called {username!r}.")
    return user
