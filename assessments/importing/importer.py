"""One import: the rows of a file held against the study a few thousand at a time, and written so."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db import IntegrityError, connection, transaction

from assessments.domain.entry import AssessmentContent
from assessments.domain.longform import ImportProblem, ImportRow
from assessments.importing.checks import Checks
from assessments.importing.plan import SHOWN_CHANGES, ImportPlan, PlannedChange
from assessments.importing.saved import SavedRating, saved_at
from assessments.importing.writer import ImportedRating, ImportWriter
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User
from trialsite.lib.errors import Conflict

CHUNK = 2000
ImportRecord = ImportRow | ImportProblem


class Importer:
    """One import into one study: `plan` reads and checks, `carry_out` reads again, checks again and writes.

    Of a file of any length only the codes of the participants to enrol are kept, with their sites."""

    def __init__(self, study: Study, *, create_participants: bool) -> None:
        self.study = study
        self.protocol = study.protocols.latest()
        self.checks = Checks(
            study, self.protocol.definition, enrols=create_participants and not self.randomises
        )
        self.instruments = self.checks.instruments

    @property
    def randomises(self) -> bool:
        """Whether the study's allocation is its own: then a file enrols nobody, for it could not say who gets what."""
        return self.protocol.definition.allocation is not None

    def plan(
        self, records: Iterable[ImportRecord], *, progress: Callable[[int], object] = lambda _: None
    ) -> ImportPlan:
        """Hold `found` (of `longform.read_rows`, which finds duplicates) against the study; write nothing.

        `progress` is told how many rows were read since."""
        plan = ImportPlan()
        self._go(records, plan, None, progress)
        return plan

    def carry_out(
        self,
        records: Iterable[ImportRecord],
        basis: str,
        *,
        by: User,
        reason: str,
        progress: Callable[[int], object],
    ) -> None:
        """Write the rows in one transaction. Raises Conflict when they or what is saved are no longer those of
        the plan with this `basis`, and ValidationError when a record is locked."""
        now = ImportPlan()
        try:
            with transaction.atomic(), audit_context(by, role="import", reason=reason):
                with connection.cursor() as cursor:
                    # Two imports at once would wait for each other's participants crosswise.
                    cursor.execute(
                        "select pg_advisory_xact_lock(hashtext('assessments.import'), %s)", [self.study.pk]
                    )
                writer = ImportWriter(self.study, self.protocol, by)
                self._go(records, now, writer, progress)
                if now.basis != basis:
                    raise Conflict(self.study)
                writer.complete()
        except IntegrityError as error:
            raise Conflict(self.study) from error

    def _go(
        self,
        records: Iterable[ImportRecord],
        plan: ImportPlan,
        writer: ImportWriter | None,
        progress: Callable[[int], object],
    ) -> None:
        sites: dict[str, str] = {}
        for chunk in _chunks(records):
            rows = []
            for row in chunk:
                if isinstance(row, ImportProblem):
                    plan.refuse(row)
                else:
                    rows.append(row)
            self._chunk(rows, plan, sites, writer)
            progress(len(chunk))
        plan.people = len(sites)

    def _chunk(
        self, rows: list[ImportRow], plan: ImportPlan, sites: dict[str, str], writer: ImportWriter | None
    ) -> None:
        new: list[ImportedRating] = []
        changed: list[ImportedRating] = []
        enrolled: dict[str, str] = {}
        for row, saved in zip(rows, saved_at(self.study.pk, rows), strict=True):
            site = saved.site or sites.get(row.participant)
            if problems := [*self.checks.problems(row, saved, site)]:
                for problem in problems:
                    plan.refuse(problem)
                continue
            if saved.participant is None and row.participant not in sites:
                sites[row.participant] = enrolled[row.participant] = row.site
            plan.note(row, saved)
            self._place(row, saved, plan, new, changed)
        if writer:
            if plan.problem_count:
                raise Conflict(self.study)
            self._write(writer, enrolled, new, changed)

    def _place(
        self,
        row: ImportRow,
        saved: SavedRating,
        plan: ImportPlan,
        new: list[ImportedRating],
        changed: list[ImportedRating],
    ) -> None:
        """Count `row` where it belongs, and keep it when it is to be written."""
        plan.not_assessed += bool(row.missing)
        if row.is_missing:
            plan.missing += 1
            return
        content = self.checks.content(row, saved.missing)
        if saved.assessment is None:
            plan.new += 1
            new.append(ImportedRating(row, saved, content))
        elif change := _difference(row, saved, content):
            plan.changed += 1
            changed.append(ImportedRating(row, saved, content))
            if len(plan.changes) < SHOWN_CHANGES:
                plan.changes.append(change)
        else:
            plan.same += 1

    def _write(
        self,
        writer: ImportWriter,
        enrolled: dict[str, str],
        new: list[ImportedRating],
        changed: list[ImportedRating],
    ) -> None:
        if enrolled:
            performed = {
                (w.row.participant, w.row.period, w.row.visit): w.row.on
                for w in new
                if w.row.participant in enrolled
            }
            writer.enrol(enrolled, performed)
            places = saved_at(self.study.pk, [written.row for written in new])
            new = [written._replace(saved=saved) for written, saved in zip(new, places, strict=True)]
        if new:
            writer.insert(new)
        if changed:
            writer.update(changed)


def _difference(row: ImportRow, saved: SavedRating, content: AssessmentContent) -> PlannedChange | None:
    """What `row` changes of the rating that is saved; None when nothing."""
    was: dict[str, object] = {
        "date": saved.performed_on,
        "total": saved.total,
        **saved.items,
        **saved.missing,
    }
    will: dict[str, object] = {"date": row.on, "total": content.total, **content.items, **content.missing}
    names = [name for name in {**was, **will} if was.get(name) != will.get(name)]
    if not names and saved.status != "not_done":
        return None
    return PlannedChange(
        row, {name: was.get(name) for name in names}, {name: will.get(name) for name in names}
    )


def _chunks(records: Iterable[ImportRecord]) -> Iterator[list[ImportRecord]]:
    rest = iter(records)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
