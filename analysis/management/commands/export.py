"""`manage.py export --study KETNAL --format csv --out DIR --by USERNAME [--unblinded]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from analysis.exports.archive import may_read_allocation, write_folder
from analysis.exports.services import record_export
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import sites_where


class Command(BaseCommand):
    help = "Export a study. Blinded unless --unblinded is given and the person is allowed to see it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True)
        parser.add_argument("--format", choices=["csv"], default="csv")
        parser.add_argument("--out", required=True, type=Path)
        parser.add_argument("--by", required=True, metavar="USERNAME", help="for whom; audited")
        parser.add_argument("--unblinded", action="store_true")
        parser.add_argument(
            "--profile",
            choices=["plain", "spreadsheet"],
            default="plain",
            help="spreadsheet: an apostrophe before text that a spreadsheet would calculate",
        )
        parser.add_argument("--reason", default="command line")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"--study: no study {options['study']!r} is loaded.")
        by = User.objects.filter(username__iexact=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"--by: nobody is called {options['by']!r}.")
        unblinded = options["unblinded"]
        if unblinded and not may_read_allocation():
            raise CommandError(
                "This database role can't read the allocation. Run the command with DATABASE_URL of trialsite_closed."
            )
        action = "export.unblinded" if unblinded else "export.blinded"
        try:
            record_export(study, by=by, via="command", reason=options["reason"], unblinded=unblinded)
        except PermissionDenied as error:
            kind = "unblinded" if unblinded else "blinded"
            raise CommandError(
                f"{by.username} has no role in {study.code} that may take {kind} exports. "
                "Grant one: manage.py grant_role --study CODE --username NAME --role ROLE"
            ) from error
        digest = write_folder(
            study,
            sites_where(by, action, study),
            options["out"],
            by=by,
            unblinded=unblinded,
            profile=options["profile"],
        )
        self.stdout.write(f"Exported {study.code} to {options['out']} (manifest SHA-256 {digest}).")
