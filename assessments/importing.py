"""Bring ratings of a long-form file into a study: checked as a whole, then all of them or none."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from assessments.domain import instrument as rules
from assessments.domain.longform import Problem, Row
from assessments.models import Assessment
from assessments.selectors import instrument_of
from enrollment.models import Participant, Period, Visit
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Study, User

CHUNK = 2000
Key = tuple[str, int, str, str]


@dataclass
class Plan:
    """What a file would do. `problems` not empty: nothing of it."""

    new: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, int]] = field(default_factory=list)
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
            p.code: p for p in Participant.objects.filter(study=study).only("id", "code", "site_id")
        }
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
            problems = list(self._problems(row))
            plan.problems += problems
            if problems:
                continue
            if row.participant not in self.people:
                plan.people.setdefault(row.participant, row.site)
            self._place(plan, row, key)
        return plan

    def carry_out(self, plan: Plan, *, by: User, reason: str, progress: Callable[[int], Any]) -> None:
        """Write `plan` in one transaction."""
        with transaction.atomic(), signed_by(by, role="import", reason=reason):
            with connection.cursor() as cursor:
                # Two imports at once would wait for each other's participants crosswise.
                cursor.execute(
                    "select pg_advisory_xact_lock(hashtext('assessments.import'), %s)", [self.study.pk]
                )
            self._enrol(plan.people, by)
            self._load_visits()
            for rows in _chunks(plan.new):
                self._insert(rows, by)
                progress(len(rows))
            for changed in _chunks(plan.changed):
                self._update(changed)
                progress(len(changed))

    def _saved(self) -> dict[Key, tuple[int, int | None, dict[str, int], Any]]:
        rows = Assessment.objects.filter(
            participant__study=self.study, visit__period__isnull=False
        ).values_list(
            "participant__code",
            "visit__period__number",
            "visit__code",
            "instrument",
            "id",
            "total",
            "items",
            "performed_on",
        )
        return {(row[0], row[1], row[2], row[3]): (row[4], row[5], row[6], row[7]) for row in rows.iterator()}

    def _problems(self, row: Row) -> Iterator[Problem]:
        if row.site not in self.sites:
            yield Problem(row.line, "site", row.site, f"no such site; the sites are {', '.join(self.sites)}")
        person = self.people.get(row.participant)
        if person is None and not self.create:
            yield Problem(row.line, "participant", row.participant, self._unknown())
        elif person and row.site in self.sites and self.site_codes[person.site_id] != row.site:
            yield Problem(
                row.line, "site", row.site, f"this participant is of site {self.site_codes[person.site_id]}"
            )
        if not 1 <= row.period <= len(self.protocol.rules.periods):
            yield Problem(
                row.line,
                "period",
                str(row.period),
                f"periods go from 1 to {len(self.protocol.rules.periods)}",
            )
        if row.visit not in self.visit_codes:
            yield Problem(
                row.line,
                "visit",
                row.visit,
                f"no such visit; the visits are {', '.join(sorted(self.visit_codes))}",
            )
        if row.on and row.on > timezone.localdate():
            yield Problem(row.line, "date", row.on.isoformat(), "this date lies in the future")
        if row.instrument not in self.uses:
            yield Problem(
                row.line, "instrument", row.instrument, f"no such instrument; expected {', '.join(self.uses)}"
            )
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
        elif saved[1:] == (self._total(row), row.items, row.on):
            plan.same += 1
        else:
            plan.changed.append((row, saved[0]))

    def _total(self, row: Row) -> int | None:
        if not row.items:
            return row.total
        return rules.score(instrument_of(self.protocol.rules, row.instrument), row.items).total

    def _enrol(self, people: dict[str, str], by: User) -> None:
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

    def _update(self, changed: list[tuple[Row, int]]) -> None:
        saved = Assessment.objects.select_for_update().in_bulk([pk for _, pk in changed])
        for row, pk in changed:
            self._filled(saved[pk], row).version += 1
        names = ["items", "missing", "total", "status", "performed_on", "instrument_version", "version"]
        Assessment.objects.bulk_update(saved.values(), names)
        self._perform([row for row, _ in changed])

    def _filled(self, assessment: Assessment, row: Row) -> Assessment:
        instrument = instrument_of(self.protocol.rules, row.instrument)
        assessment.participant_id = self.ids[row.participant]
        assessment.visit_id = self.visit_ids[row.participant, row.period, row.visit]
        assessment.instrument, assessment.instrument_version = row.instrument, instrument.version
        assessment.items, assessment.performed_on = row.items, row.on
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
