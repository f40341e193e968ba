"""`manage.py import_records FILE --form CODE --study CODE --by USERNAME`: records of a form, as the export writes them."""

from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from assessments.importing.command import RecordFileCommand, reason_with_hash
from assessments.importing.records import RecordImporter, RecordPlan
from trialsite.accounts.models import Study, User


class Command(RecordFileCommand):
    help = "Import records of a form from a CSV file, all or nothing; the same file again changes nothing."
    participle = "imported"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--form", required=True, help="the form's code")
        parser.add_argument("--comments", type=Path, help="the export's form_comments.csv")
        super().add_arguments(parser)

    def carry_out(self, study: Study, by: User, options: dict[str, Any]) -> RecordPlan:
        with ExitStack() as files:
            file = files.enter_context(options["file"].open("rb"))
            comments = files.enter_context(options["comments"].open("rb")) if options["comments"] else None
            reason = reason_with_hash(file, options["reason"].strip() or "import")
            try:
                importer = RecordImporter(study, options["form"], by=by, reason=reason)
            except LookupError:
                raise CommandError(
                    f"--form: no form {options['form']!r} is loaded in {study.code}."
                ) from None
            except ValueError as error:
                raise CommandError(f"--form: {error}.") from None
            return importer.carry_out(file, comments, dry_run=options["dry_run"])

    def result(self, plan: RecordPlan) -> str:
        return f"{plan.new} new records, {plan.same} recorded already."
