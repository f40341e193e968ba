"""Looks: the rows a look freezes, whether they changed since, and what blinded people are told.

`data_of` reads the closed schema, so only the unblinded worker's role may call it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from analysis.blinded.counts import PERIOD_STATE, endpoint_values, not_randomised, screened_again
from analysis.blinded.figures import LookState
from analysis.domain.flow import PeriodState
from analysis.domain.response import VisitOutcome
from analysis.models import Look
from enrollment.halts.text import activities
from enrollment.models import EnrollmentPause
from enrollment.protocol.model import Protocol
from enrollment.selectors import today_at
from trialsite.accounts.models import Study
from trialsite.lib import codec

ROWS = f"""
    select t.code, s.code, coalesce(l.sequence, ''), t.status, p.number, k.arm, p.dosed_on, {PERIOD_STATE},
           o.baseline, o.change, o.response, o.remission, coalesce(o.evaluable, false), o.visits, o.inputs,
           o.rule_version, case when cardinality(%(exploratory)s) > 0 then (
             select jsonb_object_agg(a.instrument || ' ' || v.code, coalesce(second.adjudicated_total, a.total))
             from enrollment_visit v join assessments_assessment a on a.visit_id = v.id
             left join assessments_secondrating second on second.visit_id = v.id and second.instrument = a.instrument
             where v.period_id = p.id and a.instrument || ' ' || v.code = any(%(exploratory)s) and a.total is not null
               and assessment_wrong_side(v.code = any(%(after_dose)s), a.performed_on, p.dosed_on) is null
           ) end
    from enrollment_participant t
    join accounts_site s on s.id = t.site_id
    join closed.slot l on l.participant_id = t.id
    join closed.kit k on k.slot_id = l.id
    join enrollment_period p on p.participant_id = t.id and p.number = k.period
    left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
    where t.study_id = %(study)s
    order by t.code, p.number
"""  # noqa: S608 - text of our own


def today_of(study: Study) -> date:
    """The day that has come at every site of `study`: a look on a day is due by it."""
    return min(today_at(site) for site in study.sites.all())


@dataclass(frozen=True, slots=True)
class InterimPeriod:
    """A period of a participant with its arm and its outcome. `inputs`: visit code → (assessment, version) that the outcome
    was derived from; `exploratory_endpoints`: their key → total."""

    period: int
    arm: str
    dosed_on: date | None
    state: PeriodState
    baseline: int | None
    change: int | None
    response: bool | None
    remission: bool | None
    evaluable: bool
    visits: Mapping[str, VisitOutcome]
    inputs: Mapping[str, tuple[int, int]]
    rule_version: str
    exploratory_endpoints: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class InterimParticipant:
    """Somebody randomised. `participant`: the code; `sequence`: of the arms, empty where none is known."""

    participant: str
    site: str
    sequence: str
    status: str
    periods: tuple[InterimPeriod, ...]


@dataclass(frozen=True, slots=True)
class InterimData:
    """Everybody randomised, in the order of their codes; who was not, as (status, criteria not met, participants); and how
    many were screened more than once."""

    participants: tuple[InterimParticipant, ...]
    not_randomised: tuple[tuple[str, tuple[str, ...], int], ...]
    screened_again: int


def data_of(study: Study, protocol: Protocol) -> InterimData:
    """The rows of `study`: everybody randomised with every period, arm and outcome, the totals of the exploratory
    endpoints, and who was not randomised. In a fixed order: equal data give equal bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            ROWS,
            {"exploratory": [endpoint.key for endpoint in protocol.exploratory_endpoints]}
            | endpoint_values(study, protocol),
        )
        rows = cursor.fetchall()
    return InterimData(
        participants=tuple(
            InterimParticipant(code, site, sequence, status, tuple(_period(*row[4:]) for row in periods))
            for (code, site, sequence, status), periods in groupby(rows, key=lambda row: row[:4])
        ),
        not_randomised=not_randomised(study),
        screened_again=screened_again(study),
    )


def _period(number: int, arm: str, dosed_on: date | None, state: PeriodState, *outcome: Any) -> InterimPeriod:
    baseline, change, response, remission, evaluable, visits, inputs, rule_version, exploratory = outcome
    return InterimPeriod(
        period=number,
        arm=arm,
        dosed_on=dosed_on,
        state=state,
        baseline=baseline,
        change=change,
        response=response,
        remission=remission,
        evaluable=evaluable,
        visits={code: VisitOutcome(**values) for code, values in _plain(visits).items()},
        inputs={code: (assessment, version) for code, (assessment, version) in _plain(inputs).items()},
        rule_version=rule_version or "",
        exploratory_endpoints=_plain(exploratory),
    )


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value or {}


@dataclass(frozen=True, slots=True)
class CutProtocol:
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class InterimCut:
    """The frozen cut: `data` and what it is of.

    `salt` is random and stays in the closed schema. Without it the hash, which everybody may read, would let a
    blinded reader of the outcomes find the allocation by hashing every possible one.
    """

    study: str
    look: int
    protocol: CutProtocol
    taken_at: str
    salt: str
    data: InterimData


def cut_of(look: Look, data: InterimData, *, taken_at: datetime, salt: str) -> InterimCut:
    protocol = CutProtocol(look.protocol.version, look.protocol.sha256)
    return InterimCut(look.study.code, look.number, protocol, taken_at.isoformat(), salt, data)


@dataclass(frozen=True, slots=True)
class LookChange:
    """A frozen value that is another `now`; None where there is none."""

    participant: str
    period: int
    field: str
    was: str | None
    now: str | None


# What of a period makes a change; the rest is derived from other things.
COMPARED = (
    "arm",
    "dosed_on",
    "baseline",
    "change",
    "response",
    "remission",
    "visits",
    "exploratory_endpoints",
)


def changes(frozen: InterimData, now: InterimData) -> tuple[LookChange, ...]:
    """What of the frozen rows is different now. New participants are not a change of the cut: it did not have them."""
    current = {
        (participant.participant, period.period): period
        for participant in now.participants
        for period in participant.periods
    }
    return tuple(
        change
        for participant in frozen.participants
        for period in participant.periods
        for change in _changes(
            participant.participant, period, current.get((participant.participant, period.period))
        )
    )


def _changes(code: str, frozen: InterimPeriod, now: InterimPeriod | None) -> Iterator[LookChange]:
    for name in COMPARED:
        was, value = getattr(frozen, name), getattr(now, name) if now else None
        if was != value:
            yield LookChange(code, frozen.period, name, _text(was), _text(value))


def _text(value: object) -> str | None:
    return None if value is None else str(codec.encode(value))


def pause_reason(number: int) -> str:
    """Why enrolment is paused, as blinded people may read it."""
    return _("The data monitoring committee decided to stop after look %(n)d.") % {"n": number}


def _dated_sentence(number: int, day: date, *, due: bool) -> str:
    values = {"n": number, "day": date_text(day, "j M Y")}
    if due:
        return _("Look %(n)d is due: it was planned on %(day)s.") % values
    return _("No look due: look %(n)d is planned on %(day)s.") % values


def look_sentence(study: Study, looks: Sequence[LookState], completers: int) -> str:
    """All that blinded people are told of the planned `looks`."""
    if not looks:
        return _("No interim look is planned.")
    decided = {look.number: look.decision for look in Look.objects.filter(study=study).exclude(decision="")}
    sentences = []
    if decided:
        last = max(decided)
        word = _("stop") if decided[last] == Look.Decision.STOP else _("continue")
        sentences.append(_("Look %(n)d: decision: %(word)s.") % {"n": last, "word": word})
        pause = EnrollmentPause.objects.filter(study=study, lifted_at=None).first()
        if pause:
            sentences.append(_("Halted: %(activities)s.") % {"activities": activities(pause.halts)})
    stopped = bool(decided) and decided[max(decided)] == Look.Decision.STOP
    open_looks = [look for look in looks if look.number > max(decided, default=0)]
    if stopped or not open_looks:
        return " ".join(sentences)
    due = [look for look in open_looks if look.due]
    look = due[-1] if due else open_looks[0]
    numbers = {"n": look.number, "have": completers, "need": look.completers}
    if look.on:
        sentences.append(_dated_sentence(look.number, look.on, due=look.due))
    elif look.due:
        sentences.append(_("Look %(n)d is due: %(have)d completers, %(need)d were planned.") % numbers)
    else:
        sentences.append(_("No look due: %(have)d of %(need)d completers.") % numbers)
    return " ".join(sentences)
