"""`manage.py import_coding FILE --study CODE --by USERNAME`: the sponsor's MedDRA codes of adverse events."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from assessments.importing.coding import CodingImporter
from assessments.importing.command import RecordFileCommand, reason_with_hash
from assessments.importing.records import RecordPlan
from trialsite.accounts.models import Study, User


class Command(RecordFileCommand):
    help = "Code adverse events from the list of them with the MedDRA columns filled in, all or nothing."
    participle = "coded"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        super().add_arguments(parser)

    def carry_out(self, study: Study, by: User, options: dict[str, Any]) -> RecordPlan:
        with options["file"].open("rb") as file:
            reason = reason_with_hash(file, options["reason"].strip() or "coding")
            return CodingImporter(study, by=by, reason=reason).carry_out(file, dry_run=options["dry_run"])

    def result(self, plan: RecordPlan) -> str:
        return f"{plan.new} events coded, {plan.same} coded so already."
