"""One import: the rows of a file held against the study a few thousand at a time, and written so."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, transaction

from assessments.domain.longform import Problem, Row
from assessments.importing.checks import Checks
from assessments.importing.plan import SHOWN_CHANGES, Change, Plan
from assessments.importing.saved import Saved, saved_at
from assessments.importing.writer import Writer, Written
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Study, User
from trialsite.lib.errors import Conflict

CHUNK = 2000
Found = Row | Problem


class Importer:
    """One import into one study: `plan` reads and checks, `carry_out` reads again, checks again and writes.

    Of a file of any length only the codes of the participants to enrol are kept, with their sites."""

    def __init__(self, study: Study, *, create_participants: bool) -> None:
        self.study = study
        self.protocol = study.protocols.latest()
        self.checks = Checks(study, self.protocol.rules, enrols=create_participants and not self.randomises)
        self.instruments = self.checks.instruments

    @property
    def randomises(self) -> bool:
        """Whether the study's allocation is its own: then a file enrols nobody, for it could not say who gets what."""
        return self.protocol.rules.allocation is not None

    def plan(self, found: Iterable[Found]) -> Plan:
        """Hold `found` (of `longform.read_rows`, which finds duplicates) against the study; write nothing."""
        plan = Plan()
        self._go(found, plan, None, lambda _: None)
        return plan

    def carry_out(
        self,
        found: Iterable[Found],
        plan: Plan,
        *,
        by: User,
        reason: str,
        progress: Callable[[int], Any],
    ) -> None:
        """Write the rows in one transaction. Raises Conflict when they or what is saved are no longer those of
        `plan`, and ValidationError when a record is locked."""
        now = Plan()
        try:
            with transaction.atomic(), signed_by(by, role="import", reason=reason):
                with connection.cursor() as cursor:
                    # Two imports at once would wait for each other's participants crosswise.
                    cursor.execute(
                        "select pg_advisory_xact_lock(hashtext('assessments.import'), %s)", [self.study.pk]
                    )
                writer = Writer(self.study, self.protocol, self.checks, by)
                self._go(found, now, writer, progress)
                if now.basis != plan.basis:
                    raise Conflict(self.study)
                writer.complete()
        except IntegrityError as error:
            raise Conflict(self.study) from error

    def _go(
        self, found: Iterable[Found], plan: Plan, writer: Writer | None, progress: Callable[[int], Any]
    ) -> None:
        people: dict[str, str] = {}
        for chunk in _chunks(found):
            rows = []
            for row in chunk:
                if isinstance(row, Problem):
                    plan.refuse(row)
                else:
                    rows.append(row)
            self._chunk(rows, plan, people, writer)
            progress(len(chunk))
        plan.people = len(people)

    def _chunk(self, rows: list[Row], plan: Plan, people: dict[str, str], writer: Writer | None) -> None:
        new: list[Written] = []
        changed: list[Written] = []
        enrolled: dict[str, str] = {}
        for row, saved in zip(rows, saved_at(self.study.pk, rows), strict=True):
            site = saved.site or people.get(row.participant)
            if problems := [*self.checks.problems(row, saved, site)]:
                for problem in problems:
                    plan.refuse(problem)
                continue
            if saved.person is None and row.participant not in people:
                people[row.participant] = enrolled[row.participant] = row.site
            plan.note(row, saved)
            self._place(row, saved, plan, new, changed)
        if writer:
            if plan.problem_count:
                raise Conflict(self.study)
            self._write(writer, enrolled, new, changed)

    def _place(self, row: Row, saved: Saved, plan: Plan, new: list[Written], changed: list[Written]) -> None:
        """Count `row` where it belongs, and keep it when it is to be written."""
        plan.not_assessed += bool(row.missing)
        if row.is_missing:
            plan.missing += 1
        elif saved.rating is None:
            plan.new += 1
            new.append((row, saved))
        elif before := self._differs(row, saved):
            plan.changed += 1
            changed.append((row, saved))
            if len(plan.changes) < SHOWN_CHANGES:
                plan.changes.append(before)
        else:
            plan.same += 1

    def _differs(self, row: Row, saved: Saved) -> Change | None:
        """What `row` changes of the rating that is saved; None when nothing."""
        was: dict[str, object] = {"date": saved.on, "total": saved.total, **saved.items, **saved.missing}
        will: dict[str, object] = {"date": row.on, "total": self.checks.total(row), **row.items}
        will |= self.checks.missing(row, saved.missing)
        names = [name for name in {**was, **will} if was.get(name) != will.get(name)]
        if not names and saved.status != "not_done":
            return None
        return Change(row, {name: was.get(name) for name in names}, {name: will.get(name) for name in names})

    def _write(
        self, writer: Writer, enrolled: dict[str, str], new: list[Written], changed: list[Written]
    ) -> None:
        if enrolled:
            done = {(r.participant, r.period, r.visit): r.on for r, _ in new if r.participant in enrolled}
            writer.enrol(enrolled, done)
            rows = [row for row, _ in new]
            new = list(zip(rows, saved_at(self.study.pk, rows), strict=True))
        if new:
            writer.insert(new)
        if changed:
            writer.update(changed)


def _chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    rest = iter(found)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
