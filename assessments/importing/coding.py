"""Codes of adverse events from the sponsor's file: the list of adverse events as it is taken from its page, with the columns
of MedDRA filled in. All of it or none."""

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.domain.csvfile import ImportProblem
from assessments.domain.typed import read_typed
from assessments.domain.values import ValueProblemError
from assessments.entry.codec import RecordEntry, entry_of, item_field
from assessments.entry.selectors import FormPlace, form_of
from assessments.entry.services import correct_record
from assessments.events.clock import FORM
from assessments.events.listing import COLUMNS
from assessments.importing.record_cells import CellProblem, RowProblemsError
from assessments.importing.record_file import ImportedRecordRow, read_record_rows
from assessments.importing.records import RecordPlan
from assessments.models import Record
from enrollment.models import ProtocolVersion
from trialsite.accounts.models import Study, User
from trialsite.lib.errors import Conflict

# Column → item of the form.
CODES = {"meddra_term": "MEDDRA_TERM", "meddra_code": "MEDDRA_CODE", "meddra_version": "MEDDRA_VERSION"}
NEEDED = ("participant", "number", "term", *CODES)


class CodingImporter:
    """Codes for the adverse events of `study`, by `by`, who may enter data where they belong."""

    def __init__(self, study: Study, *, by: User, reason: str) -> None:
        self.study, self.by, self.reason = study, by, reason

    def carry_out(self, file: BinaryIO, *, dry_run: bool = False) -> RecordPlan:
        """Code every row that has codes; none with a problem, or as a `dry_run`. `new` of the plan: coded, or coded anew.
        Raises PermissionDenied where `by` may not enter data."""
        plan = RecordPlan()
        with transaction.atomic():
            for row in read_record_rows(file, COLUMNS, NEEDED):
                if isinstance(row, ImportProblem):
                    plan.problems.append(row)
                elif any(row.cell(column) for column in CODES):
                    self._take(row, plan)
            if plan.problems or dry_run:
                transaction.set_rollback(True)
        return plan

    def _take(self, row: ImportedRecordRow, plan: RecordPlan) -> None:
        try:
            with transaction.atomic():
                changed = self._code(row)
        except RowProblemsError as error:
            plan.problems += [ImportProblem(row.line, *problem) for problem in error.problems]
        except Conflict:
            plan.problems.append(ImportProblem(row.line, "", "", "somebody changed it meanwhile"))
        except ValidationError as error:
            plan.problems += [ImportProblem(row.line, *problem) for problem in _refused(row, error)]
        else:
            plan.new += changed
            plan.same += not changed

    def _code(self, row: ImportedRecordRow) -> bool:
        """Whether the row's codes are others than those recorded."""
        record = self._event(row)
        form = form_of(record.definition)
        if row.cell("term").strip() != record.items.get("TERM"):
            recorded = f"the term recorded is “{record.items.get('TERM', '')}”; code that one"
            raise RowProblemsError(("term", row.cell("term"), recorded))
        place = FormPlace(record.participant, None, record.definition, form)
        before = entry_of(record, form)
        entry = _coded(row, place, before)
        if entry.values == before.values:
            return False
        correct_record(record, place, entry, by=self.by, version=record.version, reason=self.reason)
        return True

    def _event(self, row: ImportedRecordRow) -> Record:
        number = row.cell("number")
        record = (
            Record.objects.in_force()
            .filter(participant__study=self.study, participant__code=row.cell("participant"), form=FORM)
            .filter(
                repeat_key=int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0
            )
            .select_related("participant__study", "participant__site", "definition")
            .first()
        )
        if record is None:
            raise RowProblemsError(("number", number, "the participant has no such adverse event"))
        record.participant.protocol = ProtocolVersion.objects.cached(record.participant.protocol_id)
        return record


def _coded(row: ImportedRecordRow, place: FormPlace, before: RecordEntry) -> RecordEntry:
    """What is recorded, with the codes of the row. Raises RowProblemsError for one that is missing or means nothing."""
    zone = ZoneInfo(place.participant.site.timezone)
    values, problems = dict(before.values), []
    for column, code in CODES.items():
        try:
            value = read_typed(place.form, place.form.by_code[code], row.cell(column), zone=zone)
        except ValueProblemError as error:
            problems.append((column, row.cell(column), _(error.message) % error.params))
            continue
        if value is None:
            problems.append((column, "", "term, code and version go together"))
        else:
            values[code] = value
    if problems:
        raise RowProblemsError(*problems)
    missing = {code: reason for code, reason in before.missing.items() if code not in values}
    return replace(before, values=values, missing=missing)


def _refused(row: ImportedRecordRow, error: ValidationError) -> Iterator[CellProblem]:
    """What the rules of the page say, by the columns of the file."""
    if not hasattr(error, "error_dict"):
        yield "", "", " ".join(error.messages)
        return
    columns = {item_field(item).lower(): column for column, item in CODES.items()}
    for name, messages in error.message_dict.items():
        column = columns.get(name.lower(), name.removeprefix(item_field("")).lower())
        yield column, row.cell(column), " ".join(messages)
