"""`manage.py load_protocol FILE…`: protocol files into versioned, immutable records."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from assessments.domain.form_file import FOLDER, FormError
from assessments.entry.loading import load_trial
from enrollment.models import ProtocolVersion
from enrollment.protocol.file import ProtocolError
from enrollment.versions.selectors import changes_of, under_way
from enrollment.versions.services import VersionTaken
from trialsite.accounts.models import User
from trialsite.lib.document import toml

# By this the stack knows a database of an older version from a mistake in a file.
VERSION_TAKEN = 3


class Command(BaseCommand):
    help = "Load protocol files. A mistake is answered with file, key, what was found and what was expected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument(
            "--forms",
            type=Path,
            default=FOLDER,
            metavar="FOLDER",
            help="where the forms lie that a protocol names",
        )

        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would change of the version before and for whom; load nothing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            self._load(**options)
            transaction.set_rollback(options["dry_run"])

    def _load(self, **options: Any) -> None:
        for file in options["files"]:
            try:
                version, new = load_trial(
                    file.read_text(encoding="utf-8"), by=User.objects.system(), folder=options["forms"]
                )
            except (ProtocolError, FormError) as error:
                lines = "\n".join(f"{file}: {problem}" for problem in error.problems)
                raise CommandError(f"{lines}\nNothing was loaded.") from error
            except toml.TomlError as error:
                raise CommandError(f"{file}: {error}. Nothing was loaded.") from error
            except VersionTaken as error:
                raise CommandError(f"{file}: {error}", returncode=VERSION_TAKEN) from error
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"{file}: {error}") from error
            done = "would be loaded" if options["dry_run"] else "loaded"
            outcome = done if new else "was loaded before; nothing changed"
            self.stdout.write(
                f"{version.study.code} {version.version} {outcome} (SHA-256 {version.sha256[:16]})."
            )
            if new:
                self._tell_changes(version)
            if not version.study.memberships.exists():
                self.stdout.write(
                    "  Nobody has a role in it yet: manage.py add_administrator, or grant_role."
                )

    def _tell_changes(self, version: ProtocolVersion) -> None:
        """Each value that differs from the version before, and who goes on under which."""
        earlier = version.study.protocols.exclude(pk=version.pk).last()
        if earlier is None:
            return
        for change in changes_of(earlier, version, with_allocation=True):
            what = f", {change.what}" if change.what else ""
            self.stdout.write(f"  {change.section}{what}: {change.before} → {change.after}")
        for label, participants in under_way(version.study):
            self.stdout.write(f"  {participants} under way stay under version {label}.")
