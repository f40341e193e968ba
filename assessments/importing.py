"""Bring ratings of a long-form file into a study: checked as a whole, then all of them or none."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from assessments.domain import instrument as rules
from assessments.domain.longform import Problem, Row
from assessments.models import Assessment
from assessments.selectors import instrument_of
from enrollment.models import Participant, Period, Visit
from enrollment.selectors import over, today_at
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Study, User
from trialsite.lib.errors import Conflict

CHUNK = 2000
LONGEST_CODE = 20
CHANGES = (
    "items", "missing", "total", "status", "not_done_reason", "performed_on", "instrument_version", "version",
)  # fmt: skip
Key = tuple[str, int, str, str]


@dataclass
class Plan:
    """What a file would do. `problems` not empty: nothing of it. `changed`: with id and version of what is saved."""

    new: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, int, int]] = field(default_factory=list)
    same: int = 0
    missing: int = 0
    people: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.new) + len(self.changed) + self.same + self.missing


class Importer:
    """One import into one study. `plan` reads and checks, `carry_out` writes."""

    def __init__(self, study: Study, *, create_participants: bool) -> None:
        self.study = study
        self.protocol = study.protocols.latest()
        self.create = create_participants and self.protocol.rules.allocation is None
        self.sites = {site.code: site for site in study.sites.all()}
        self.people = {
            p.code: p
            for p in Participant.objects.filter(study=study).only("id", "code", "site_id", "consented_on")
        }
        self.today = {site.code: today_at(site) for site in self.sites.values()}
        missed = Visit.objects.filter(participant__study=study, status=Visit.Status.MISSED)
        self.missed = set(missed.values_list("participant__code", "period__number", "code"))
        self.site_codes = {site.pk: site.code for site in self.sites.values()}
        self.visit_codes = {visit.code for visit in self.protocol.rules.visits}
        self.instruments = {
            use.code: instrument_of(self.protocol.rules, use.code) for use in self.protocol.rules.instruments
        }
        self.uses = {use.code: use for use in self.protocol.rules.instruments}
        self.saved = self._saved()
        self.visit_ids: dict[tuple[str, int, str], int] = {}

    def plan(self, found: Iterable[Row | Problem]) -> Plan:
        """Hold `found` (of `longform.read_rows`, which finds duplicates) against the study; write nothing."""
        plan = Plan()
        for row in found:
            if isinstance(row, Problem):
                plan.problems.append(row)
                continue
            key: Key = (row.participant, row.period, row.visit, row.instrument)
            problems = [
                *self._place_problems(row),
                *self._person_problems(row, plan),
                *self._rating_problems(row),
            ]
            plan.problems += problems
            if problems:
                continue
            if row.participant not in self.people:
                plan.people.setdefault(row.participant, row.site)
            self._place(plan, row, key)
        return plan

    def carry_out(self, plan: Plan, *, by: User, reason: str, progress: Callable[[int], Any]) -> None:
        """Write `plan` in one transaction. Raises Conflict when what it was made for was changed since, and
        ValidationError when a record is locked."""
        try:
            with transaction.atomic(), signed_by(by, role="import", reason=reason):
                with connection.cursor() as cursor:
                    # Two imports at once would wait for each other's participants crosswise.
                    cursor.execute(
                        "select pg_advisory_xact_lock(hashtext('assessments.import'), %s)", [self.study.pk]
                    )
                self._write(plan, by, progress)
        except IntegrityError as error:
            raise Conflict(self.study) from error

    def _write(self, plan: Plan, by: User, progress: Callable[[int], Any]) -> None:
        self._enrol(plan.people)
        self._load_visits()
        for rows in _chunks(plan.new):
            self._insert(rows, by)
            progress(len(rows))
        for changed in _chunks(plan.changed):
            self._update(changed)
            progress(len(changed))
        rated = {self.ids[row.participant] for row in (*plan.new, *(row for row, *_ in plan.changed))}
        over(Participant.objects.filter(pk__in=rated)).update(status=Participant.Status.COMPLETED)

    def _saved(self) -> dict[Key, tuple[int, int, int | None, dict[str, int], Any]]:
        rows = Assessment.objects.filter(
            participant__study=self.study, visit__period__isnull=False
        ).values_list(
            "participant__code",
            "visit__period__number",
            "visit__code",
            "instrument",
            "id",
            "version",
            "total",
            "items",
            "performed_on",
        )
        return {(row[0], row[1], row[2], row[3]): row[4:] for row in rows.iterator()}

    def _place_problems(self, row: Row) -> Iterator[Problem]:
        """Where and when: site, period, visit, date."""
        if row.site not in self.sites:
            yield Problem(row.line, "site", row.site, f"no such site; the sites are {', '.join(self.sites)}")
        elif row.on and row.on > self.today[row.site]:
            yield Problem(row.line, "date", row.on.isoformat(), "this date lies in the future")
        periods = len(self.protocol.rules.periods)
        if not 1 <= row.period <= periods:
            yield Problem(row.line, "period", str(row.period), f"periods go from 1 to {periods}")
        if row.visit not in self.visit_codes:
            said = f"no such visit; the visits are {', '.join(visit.code for visit in self.protocol.rules.visits)}"
            yield Problem(row.line, "visit", row.visit, said)

    def _person_problems(self, row: Row, plan: Plan) -> Iterator[Problem]:
        """Who: known or to be enrolled, of this site, consented, and not said to have missed the visit."""
        person = self.people.get(row.participant)
        site = self.site_codes[person.site_id] if person else plan.people.get(row.participant, row.site)
        if person is None and not self.create:
            yield Problem(row.line, "participant", row.participant, self._unknown())
        elif person is None and (len(row.participant) > LONGEST_CODE or "/" in row.participant):
            said = f"a participant's code has at most {LONGEST_CODE} characters, without “/”"
            yield Problem(row.line, "participant", row.participant, said)
        elif site != row.site and row.site in self.sites:
            yield Problem(row.line, "site", row.site, f"this participant is of site {site}")
        if person and person.consented_on and row.on and row.on < person.consented_on:
            yield Problem(row.line, "date", row.on.isoformat(), "this date lies before the consent date")
        if (row.participant, row.period, row.visit) in self.missed and not row.is_missing:
            said = "this visit is marked as missed; take that back first"
            yield Problem(row.line, "visit", row.visit, said)

    def _rating_problems(self, row: Row) -> Iterator[Problem]:
        if row.instrument not in self.uses:
            said = f"no such instrument; expected {', '.join(self.uses)}"
            yield Problem(row.line, "instrument", row.instrument, said)
        elif not row.is_missing:
            yield from self._value_problems(row)

    def _unknown(self) -> str:
        if self.protocol.rules.allocation is None:
            return "no such participant in this study; --create-participants enrols those of the file"
        return "no such participant in this study; screen and randomise them first"

    def _value_problems(self, row: Row) -> Iterator[Problem]:
        instrument = instrument_of(self.protocol.rules, row.instrument)
        if not row.items:
            if not self.uses[row.instrument].totals_only:
                yield Problem(
                    row.line, "total", str(row.total), "this protocol needs the items, not a total alone"
                )
            if row.total is not None and row.total > instrument.total_maximum:
                yield Problem(
                    row.line, "total", str(row.total), f"totals go from 0 to {instrument.total_maximum}"
                )
            return
        for problem in rules.problems(instrument, row.items, _unrated(instrument, row.items)):
            value = row.items.get(problem.item)
            yield Problem(
                row.line, problem.item, "" if value is None else str(value), problem.message % problem.params
            )
        total = rules.score(instrument, row.items).total
        if row.total is not None and row.total != total:
            said = "some items are missing" if total is None else f"the items add up to {total}"
            yield Problem(row.line, "total", str(row.total), said)

    def _place(self, plan: Plan, row: Row, key: Key) -> None:
        saved = self.saved.get(key)
        if row.is_missing:
            plan.missing += 1
        elif saved is None:
            plan.new.append(row)
        elif saved[2:] == (self._total(row), row.items, row.on):
            plan.same += 1
        else:
            plan.changed.append((row, saved[0], saved[1]))

    def _total(self, row: Row) -> int | None:
        if not row.items:
            return row.total
        return rules.score(instrument_of(self.protocol.rules, row.instrument), row.items).total

    def _enrol(self, people: dict[str, str]) -> None:
        """Participants of an open series: already treated when they come here, so never screened."""
        made = Participant.objects.bulk_create(
            Participant(
                study=self.study,
                site=self.sites[site],
                protocol=self.protocol,
                code=code,
                status=Participant.Status.RANDOMISED,
                randomised_at=timezone.now(),
            )
            for code, site in people.items()
        )
        periods = Period.objects.bulk_create(
            Period(participant=person, number=spec.number)
            for person in made
            for spec in self.protocol.rules.periods
        )
        Visit.objects.bulk_create(
            (
                Visit(participant=period.participant, period=period, code=v.code, label=v.label, day=v.day)
                for period in periods
                for v in self.protocol.rules.visits
            ),
            batch_size=CHUNK,
        )

    def _load_visits(self) -> None:
        rows = Visit.objects.filter(participant__study=self.study, period__isnull=False).values_list(
            "participant__code", "period__number", "code", "id", "participant_id"
        )
        self.visit_ids = {(code, number, visit): pk for code, number, visit, pk, _ in rows.iterator()}
        self.ids = {code: pk for code, *_, pk in rows.iterator()}

    def _insert(self, rows: list[Row], by: User) -> None:
        Assessment.objects.bulk_create(
            self._filled(Assessment(entered_by=by, form_token=uuid.uuid4()), row) for row in rows
        )
        self._perform(rows)

    def _update(self, changed: list[tuple[Row, int, int]]) -> None:
        saved = Assessment.objects.select_for_update().in_bulk([pk for _, pk, _ in changed])
        for row, pk, version in changed:
            if saved[pk].version != version:
                raise Conflict(saved[pk])
            self._filled(saved[pk], row).version += 1
        Assessment.objects.bulk_update(saved.values(), CHANGES)
        self._perform([row for row, *_ in changed])

    def _filled(self, assessment: Assessment, row: Row) -> Assessment:
        instrument = instrument_of(self.protocol.rules, row.instrument)
        assessment.participant_id = self.ids[row.participant]
        assessment.visit_id = self.visit_ids[row.participant, row.period, row.visit]
        assessment.instrument, assessment.instrument_version = row.instrument, instrument.version
        assessment.items, assessment.performed_on = row.items, row.on
        assessment.not_done_reason = ""
        assessment.missing = _unrated(instrument, row.items) if row.items else {}
        assessment.total = self._total(row)
        done = assessment.total is not None
        assessment.status = Assessment.Status.COMPLETE if done else Assessment.Status.ENTERED
        return assessment

    def _perform(self, rows: list[Row]) -> None:
        """The visits took place: one statement for the chunk."""
        with connection.cursor() as cursor:
            cursor.execute(
                "update enrollment_visit v set status = 'done', performed_on = d.day, missed_reason = ''"
                " from unnest(%s::bigint[], %s::date[]) as d(id, day) where v.id = d.id"
                " and (v.status, v.performed_on) is distinct from ('done', d.day)",
                [[self.visit_ids[r.participant, r.period, r.visit] for r in rows], [r.on for r in rows]],
            )


def _unrated(instrument: rules.Instrument, items: dict[str, int]) -> dict[str, str]:
    """Items without a value in a file: missing, for a reason the file does not tell."""
    return {
        group[0].code: "not_recorded"
        for group in instrument.groups
        if not any(item.code in items for item in group)
    }


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
