"""`manage.py import_assessments FILE --study CODE [--dry-run]`: ratings from a long-form CSV file."""

import hashlib
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from assessments.domain.columns import ColumnMapping
from assessments.domain.longform import read_rows
from assessments.domain.mapping_file import Mapping, parse
from assessments.importing import Importer, ImportPlan
from trialsite.accounts.models import Study, User
from trialsite.lib.document import toml
from trialsite.lib.errors import Conflict

MEANWHILE = "Data of this study were saved while the file was read. Nothing was imported; run it again."
RANDOMISES = (
    "--create-participants: %s randomises (its protocol has [allocation]), and a file brings no allocation with it: people"
    " enrolled by one would have no sequence, and could not be compared. Screen and randomise them first. Nothing was read."
)
MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"


class Command(BaseCommand):
    help = "Import ratings from a CSV file, all or nothing; the same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--study", required=True, help="the study's code")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument("--mapping", help="a shipped mapping (reisby) or a TOML file: see docs/import.md")
        parser.add_argument(
            "--create-participants", action="store_true", help="enrol participants not yet known"
        )
        parser.add_argument("--by", metavar="USERNAME", help="who imports; else the system user")
        parser.add_argument("--reason", default="", help="needed when saved values change")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"--study: no study {options['study']!r} is loaded.")
        mapping = _mapping(options["mapping"])
        importer = Importer(
            study,
            create_participants=options["create_participants"] or mapping.create_participants,
        )
        if importer.randomises and (options["create_participants"] or mapping.create_participants):
            raise CommandError(RANDOMISES % study.code)
        try:
            with options["file"].open("rb") as file:
                rows = read_rows(file, mapping.columns, importer.instruments)
                plan = importer.plan(
                    tqdm(rows, desc="Checking", unit=" rows", disable=not sys.stderr.isatty())
                )
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        self._say(plan)
        if plan.problem_count:
            self._refuse(plan)
        if plan.changed and not options["reason"].strip() and not options["dry_run"]:
            raise CommandError(
                f"{plan.changed} saved ratings would change: say why with --reason. Nothing was imported."
            )
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was imported.")
            return
        self._carry_out(importer, plan, mapping, options)

    def _refuse(self, plan: ImportPlan) -> None:
        for problem in plan.problems:
            self.stderr.write(str(problem))
        if further := plan.problem_count - len(plan.problems):
            self.stderr.write(f"… and {further} more")
        raise CommandError(f"{plan.problem_count} problems; nothing was imported.")

    def _carry_out(
        self, importer: Importer, plan: ImportPlan, mapping: Mapping, options: dict[str, Any]
    ) -> None:
        by = _person(options["by"])
        with (
            options["file"].open("rb") as file,
            tqdm(total=plan.rows, desc="Saving", disable=not sys.stderr.isatty()) as bar,
        ):
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            reason = f"{options['reason'] or 'import'} (file SHA-256 {digest[:16]})"
            file.seek(0)
            rows = read_rows(file, mapping.columns, importer.instruments)
            try:
                importer.carry_out(rows, plan.basis, by=by, reason=reason, progress=bar.update)
            except Conflict as conflict:
                raise CommandError(MEANWHILE) from conflict
            except ValidationError as refused:
                raise CommandError(" ".join(refused.messages)) from refused
        self.stdout.write("Imported. The outcomes follow within seconds while a worker runs.")

    def _say(self, plan: ImportPlan) -> None:
        self.stdout.write(
            f"{plan.rows} ratings read: {plan.new} new, {plan.changed} changed, {plan.same} the same, "
            f"{plan.missing} without a value (kept out, not an error); {plan.people} participants to enrol."
        )
        if plan.not_assessed:
            self.stdout.write(
                f"In {plan.not_assessed} ratings an item has the number that means “not assessed”, such as 16A = 3:"
                " it is recorded as missing for that reason, and there is no total."
            )


def _person(username: str | None) -> User:
    if username is None:
        return User.objects.system()
    user = User.objects.filter(username__iexact=username, is_active=True).first()
    if user is None:
        raise CommandError(f"--by: nobody is called {username!r}.")
    return user


def _mapping(name: str | None) -> Mapping:
    if name is None:
        return Mapping(ColumnMapping())
    file = MAPPINGS / f"{name}.toml" if (MAPPINGS / f"{name}.toml").exists() else Path(name)
    try:
        return parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, toml.TomlError) as error:
        raise CommandError(f"--mapping: {error}") from error
