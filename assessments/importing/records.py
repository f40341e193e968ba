"""Records of a form from a file, as the export writes it: by the same rules as the page, all of them or none."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction

from assessments.domain.csvfile import ImportProblem
from assessments.domain.form_table import HEAD, item_columns
from assessments.domain.values import to_json
from assessments.entry.checking import evaluation_of, problems_of
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, definitions_of, form_of, forms_at, values_of
from assessments.entry.services import save_record, strike_out_record
from assessments.importing.record_cells import (
    CellProblem,
    RowProblemsError,
    check_status,
    differences,
    entry_of,
)
from assessments.importing.record_file import ImportedRecordRow, read_comments, read_record_rows
from assessments.models import FormVersion, Record
from enrollment.models import Participant, ProtocolVersion, Visit
from trialsite.accounts.models import Study, User
from trialsite.lib.errors import Conflict

SAVED = "it is recorded already, with other values; correct it on its page"


@dataclass(slots=True)
class RecordPlan:
    """What a file does: `same` rows are recorded already. With problems nothing is."""

    new: int = 0
    same: int = 0
    problems: list[ImportProblem] = field(default_factory=list)


class RecordImporter:
    """Records of the form `code` into `study`, by `by`, who may enter data where they belong. Raises LookupError for a form
    that is not loaded, and ValueError for one that its author alone reads."""

    def __init__(self, study: Study, code: str, *, by: User, reason: str) -> None:
        self.study, self.code, self.by, self.reason = study, code, by, reason
        versions = [form_of(v) for v in FormVersion.objects.filter(study=study, code=code).order_by("id")]
        if not versions:
            raise LookupError(code)
        if any(form.withheld for form in versions):
            raise ValueError("what its author alone reads is not imported")
        self.columns = item_columns(versions)
        self._participants: dict[str, Participant] = {}
        self._last: dict[tuple[int, int | None], int] = {}

    def carry_out(
        self, file: BinaryIO, comments: BinaryIO | None = None, *, dry_run: bool = False
    ) -> RecordPlan:
        """Save every row; none with a problem, or as a `dry_run`. Raises PermissionDenied where `by` may not enter data."""
        plan = RecordPlan()
        remarks, plan.problems = read_comments(comments, self.code) if comments else ({}, [])
        names = (*HEAD, *(name for columns in self.columns.values() for name in columns.names))
        with transaction.atomic():
            for row in read_record_rows(file, names, ["participant"]):
                if isinstance(row, ImportProblem):
                    plan.problems.append(row)
                else:
                    self._take(row, remarks.pop(row.key, {}), plan)
            plan.problems += [
                ImportProblem(1, "participant", key[0], "a comment on a row that the file does not have")
                for key in remarks
            ]
            if plan.problems or dry_run:
                transaction.set_rollback(True)
        return plan

    def _take(
        self, row: ImportedRecordRow, comments: Mapping[tuple[str, str], str], plan: RecordPlan
    ) -> None:
        try:
            # A row that is refused leaves nothing behind, so that the next is judged by itself.
            with transaction.atomic():
                new = self._save(row, comments)
        except RowProblemsError as error:
            plan.problems += [ImportProblem(row.line, *problem) for problem in error.problems]
        except Conflict:
            plan.problems.append(ImportProblem(row.line, "", "", SAVED))
        except ValidationError as error:
            plan.problems += [ImportProblem(row.line, *problem) for problem in self._refused(row, error)]
        else:
            plan.new += new
            plan.same += not new

    def _save(self, row: ImportedRecordRow, comments: Mapping[tuple[str, str], str]) -> bool:
        """Whether the row is new. Raises what says why it cannot be taken."""
        place = self._place(row)
        saved = self._saved(row, place)
        check_status(row)
        zone = ZoneInfo(place.participant.site.timezone)
        entry, unreadable = entry_of(row, place.form, self.columns, comments, zone)
        if unreadable:
            raise RowProblemsError(*unreadable, *self._further(row, place, entry, saved, unreadable))
        if saved and not _says(saved, entry, row):
            raise Conflict(saved)
        if saved:
            return False
        record = save_record(place, entry, by=self.by, form_token=uuid.uuid4(), reason=self.reason)
        values = values_of(record, place.form)
        if problems := tuple(differences(row, record.status, place.form, self.columns, values)):
            raise RowProblemsError(*problems)
        if row.cell("status") == Record.Status.STRUCK_OUT:
            reason = row.cell("status_reason")
            strike_out_record(record, place, by=self.by, version=record.version, reason=reason)
        return True

    def _place(self, row: ImportedRecordRow) -> FormPlace:
        participant = self._participant(row)
        definition = definitions_of(participant).get(self.code)
        if definition is None:
            raise _problem(row, "participant", "the participant’s version of the protocol has no such form")
        form = form_of(definition)
        if row.cell("form_version") not in ("", form.version):
            raise _problem(row, "form_version", f"the participant’s protocol has version {form.version}")
        return FormPlace(participant, self._visit(row, participant, at_visit=form.at_visit), definition, form)

    def _participant(self, row: ImportedRecordRow) -> Participant:
        code = row.cell("participant")
        if code not in self._participants:
            participant = (
                Participant.objects.select_related("study", "site")
                .filter(study=self.study, code=code)
                .first()
            )
            if participant is None:
                raise _problem(row, "participant", "no such participant")
            participant.protocol = ProtocolVersion.objects.cached(participant.protocol_id)
            self._participants[code] = participant
        participant = self._participants[code]
        if row.cell("site") not in ("", participant.site.code):
            raise _problem(row, "site", f"the participant is of site {participant.site.code}")
        return participant

    def _visit(self, row: ImportedRecordRow, participant: Participant, *, at_visit: bool) -> Visit | None:
        period, code = row.cell("period"), row.cell("visit")
        if not at_visit:
            if period or code:
                raise _problem(
                    row, "visit" if code else "period", "the form is of the participant, not of a visit"
                )
            return None
        visits = participant.visits.select_related("period").filter(code=code)
        visit = next((v for v in visits if period == (str(v.period.number) if v.period else "")), None)
        if visit is None:
            raise _problem(row, "visit", "the participant has no such visit in this period")
        visit.participant = participant
        if self.code not in forms_at(visit):
            raise _problem(row, "visit", "the form is not asked at this visit")
        return visit

    def _saved(self, row: ImportedRecordRow, place: FormPlace) -> Record | None:
        """What is recorded in the row's place; of a new row the next number is used up."""
        records = Record.objects.filter(participant=place.participant, visit=place.visit, form=self.code)
        text = row.cell("repeat_key")
        if not place.form.repeats:
            if text:
                raise _problem(row, "repeat_key", "the form is filled in once")
            return records.first()
        where = (place.participant.pk, place.visit.pk if place.visit else None)
        if where not in self._last:
            self._last[where] = max((record.repeat_key or 0 for record in records), default=0)
        if text.isascii() and text.isdecimal() and int(text) <= self._last[where]:
            return records.filter(repeat_key=int(text)).first()
        self._last[where] += 1
        if text not in ("", str(self._last[where])):
            raise _problem(row, "repeat_key", f"the next row is number {self._last[where]}")
        return None

    def _further(
        self,
        row: ImportedRecordRow,
        place: FormPlace,
        entry: RecordEntry,
        saved: Record | None,
        unreadable: list[CellProblem],
    ) -> Iterator[CellProblem]:
        """What the rules say of the cells that can be read."""
        columns = {column for column, _value, _reason in unreadable}
        rules = problems_of(place, entry, evaluation_of(place, entry, saved.repeat_key if saved else None))
        if rules:
            refused = self._refused(row, ValidationError(rules))
            yield from (problem for problem in refused if problem[0] not in columns)

    def _refused(self, row: ImportedRecordRow, error: ValidationError) -> Iterator[CellProblem]:
        """What the rules of the page say, by the columns of the file."""
        if not hasattr(error, "error_dict"):
            yield "", "", " ".join(error.messages)
            return
        for name, messages in error.message_dict.items():
            item = name.removeprefix("item_")
            column = self.columns[item].value if name.startswith("item_") else name
            column = "status_reason" if column in ("not_done_reason", "reason") else column
            yield column, row.cell(column), " ".join(messages)


def _problem(row: ImportedRecordRow, column: str, reason: str) -> RowProblemsError:
    return RowProblemsError((column, row.cell(column), reason))


def _says(saved: Record, entry: RecordEntry, row: ImportedRecordRow) -> bool:
    """Whether what is saved is what the row says."""
    form = form_of(saved.definition)
    entered = {code: kept for code, kept in saved.items.items() if form.by_code[code].entered}
    comments = {f"{code} {check}": text for (code, check), text in entry.comments.items()}
    return (
        entered == {code: to_json(value) for code, value in entry.values.items()}
        and (saved.missing, saved.comments) == (dict(entry.missing), comments)
        and saved.performed_on == entry.performed_on
        and row.cell("status") in ("", saved.status)
        and row.cell("status_reason") == saved.status_reason
    )
