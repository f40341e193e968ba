"""People and outcomes, pooled over treatment and sequence. Who was screened again is one person, under the latest code."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from analysis.blinded.figures import (
    Baselines,
    PeriodFigures,
    PooledVisit,
    ResponseCourse,
    SiteFigures,
)
from analysis.blinded.rows import rows
from analysis.domain.flow import ParticipantFlow
from analysis.models import ParticipantOutcome
from enrollment.domain.disposition import DISPOSITIONS, RANDOMISED, Disposition, disposition
from enrollment.domain.schedule import visits_after_dose
from enrollment.models import Participant
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study

# An earlier code `t` of somebody who was screened again.
EARLIER_CODE = "exists (select from enrollment_participant later where later.rescreen_of_id = t.id)"
# What of a period `p` is known for the primary endpoint: see analysis/domain/flow.py. A period rated after its baseline
# counts as given, as for its outcome `o`; a rating is to come while the window of its visit is not over.
PERIOD_STATE = """
    case when o.evaluable then 'evaluable'
         when p.dosed_on is null
              and not coalesce(jsonb_path_exists(o.visits, '$.*.total ? (@ != null)'), false) then 'not_dosed'
         when t.status = 'randomised' and exists (
              select from enrollment_visit v where v.participant_id = t.id and v.period_id = p.id
              and v.code = any(%(endpoint_visits)s) and v.status = 'planned'
              and v.latest_on >= (now() at time zone s.timezone)::date) then 'to_come'
         when coalesce(o.baseline, 0) = 0 then 'no_baseline'
         else 'no_primary' end
"""


def endpoint_values(study: Study, protocol: Protocol) -> dict[str, Any]:
    """The parameters of a query with PERIOD_STATE, and of one with assessment_wrong_side."""
    end = protocol.endpoints
    return {
        "study": study.pk,
        "endpoint_visits": [end.baseline_visit, end.primary_visit],
        "after_dose": sorted(visits_after_dose(protocol.visits, end.baseline_visit)),
    }


def completers(study: Study) -> int:
    """Participants who are evaluable in every period."""
    return ParticipantOutcome.objects.filter(study=study, completer=True).count()


def not_randomised(study: Study) -> tuple[tuple[str, tuple[str, ...], int], ...]:
    """(status, criteria not met, participants) of who was screened and not randomised; the criteria are those of the
    latest decision on a screen failure."""
    counted = rows(
        f"""
        select t.status, coalesce(d.names, '{{}}'), count(*)
        from enrollment_participant t
        left join lateral (
          select array_agg(c #>> '{{params,name}}' order by c ->> 'id') as names
          from (select criteria from enrollment_eligibilitydecision e
                where e.participant_id = t.id order by e.id desc limit 1) latest, jsonb_array_elements(latest.criteria) c
          where t.status = 'screen_failed' and c ->> 'verdict' = 'not met') d on true
        where t.study_id = %(study)s and t.randomised_at is null and not {EARLIER_CODE} group by 1, 2 order by 1, 2
        """,  # noqa: S608 - text of our own
        {"study": study.pk},
    )
    return tuple((status, tuple(criteria), n) for status, criteria, n in counted)


def screened_again(study: Study) -> int:
    """People who were screened more than once."""
    again = Participant.objects.filter(study=study, rescreen_of__isnull=False, rescreened_as=None)
    return again.count()


def courses(study: Study, protocol: Protocol) -> Iterator[tuple[ParticipantFlow, int]]:
    """Everybody screened, by what the flow asks of them, and how many are alike."""
    for status, criteria, n in not_randomised(study):
        yield ParticipantFlow(status, randomised=False, criteria=criteria), n
    counted = rows(
        f"""
        select status, numbers, states, count(*) from (
          select t.id, t.status, array_agg(p.number order by p.number) filter (where p.id is not null) as numbers,
                 array_agg({PERIOD_STATE} order by p.number) filter (where p.id is not null) as states
          from enrollment_participant t
          join accounts_site s on s.id = t.site_id
          left join enrollment_period p on p.participant_id = t.id
          left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
          where t.study_id = %(study)s and t.randomised_at is not null group by t.id) each_participant
        group by 1, 2, 3 order by 1, 2, 3
        """,  # noqa: S608 - text of our own
        endpoint_values(study, protocol),
    )
    for status, numbers, states, n in counted:
        by_number = dict(zip(numbers or (), states or (), strict=True))
        states = [by_number.get(period.number, "not_dosed") for period in protocol.periods]
        yield ParticipantFlow(status, True, tuple(states)), n


def periods(study: Study) -> tuple[PeriodFigures, ...]:
    """Of each period: participants rated without a baseline."""
    counted = rows(
        """
        select p.number, count(o.id) filter (where o.baseline is null and o.inputs <> '{}')
        from enrollment_period p
        join enrollment_participant t on t.id = p.participant_id and t.study_id = %(study)s
        left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
        group by p.number order by p.number
        """,
        {"study": study.pk},
    )
    return tuple(PeriodFigures(*row) for row in counted)


def patterns(study: Study) -> tuple[tuple[str, int], ...]:
    """(pattern, completers) for each pattern that occurs."""
    counted = rows(
        "select pattern, count(*) from analysis_participantoutcome"
        " where study_id = %(study)s and completer group by 1 order by 1",
        {"study": study.pk},
    )
    return tuple((pattern, n) for pattern, n in counted)


def enrolment(study: Study) -> tuple[tuple[date, int], ...]:
    """(day, participants randomised that day), ascending."""
    counted = rows(
        """
        select (t.randomised_at at time zone s.timezone)::date, count(*)
        from enrollment_participant t join accounts_site s on s.id = t.site_id
        where t.study_id = %(study)s and t.randomised_at is not null group by 1 order by 1
        """,
        {"study": study.pk},
    )
    return tuple((day, n) for day, n in counted)


def stay(study: Study) -> int | None:
    """Median days from randomisation to the last visit of those who completed the study; None while nobody has."""
    ((days,),) = rows(
        """
        select percentile_disc(0.5) within group (order by days) from (
          select max(v.performed_on) - (t.randomised_at at time zone s.timezone)::date as days
          from enrollment_participant t join accounts_site s on s.id = t.site_id
          join enrollment_visit v on v.participant_id = t.id
          where t.study_id = %(study)s and t.status = 'completed' group by t.id, s.timezone) each_participant
        """,
        {"study": study.pk},
    )
    return None if days is None else int(days)


def pooled(study: Study, protocol: Protocol) -> tuple[PooledVisit, ...]:
    """For each visit after baseline: participant-periods evaluable, responders and remitters among them."""
    counted = rows(
        """
        select v.key, count(*), count(*) filter (where (v.value ->> 'response')::boolean),
               count(*) filter (where (v.value ->> 'remission')::boolean)
        from analysis_outcome o, jsonb_each(o.visits) v
        where o.study_id = %(study)s and v.value ->> 'response' is not null group by 1
        """,
        {"study": study.pk},
    )
    by_visit = {code: (n, responders, remitters) for code, n, responders, remitters in counted}
    endpoints = protocol.endpoints
    return tuple(
        PooledVisit(
            visit.code,
            visit.label,
            visit.day,
            visit.code == endpoints.primary_visit,
            *by_visit.get(visit.code, (0, 0, 0)),
        )
        for visit in protocol.visits
        if visit.code != endpoints.baseline_visit
    )


def course(study: Study) -> ResponseCourse:
    """Of participant-periods with response: how many, in how many its course is known, was sustained, was lost."""
    (counted,) = rows(
        """
        select count(*), count(relapse), count(*) filter (where sustained), count(*) filter (where relapse)
        from analysis_outcome where study_id = %(study)s and response
        """,
        {"study": study.pk},
    )
    return ResponseCourse(*counted)


def baselines(study: Study) -> Baselines:
    """Totals at the start of each period, and of those with both of the first two periods their difference."""
    values = {"study": study.pk}
    totals = rows(
        "select period, baseline, count(*) from analysis_outcome"
        " where study_id = %(study)s and baseline is not null group by 1, 2 order by 1, 2",
        values,
    )
    differences = rows(
        """
        select b.baseline - a.baseline, count(*)
        from analysis_outcome a join analysis_outcome b on b.participant_id = a.participant_id and b.period = 2
        where a.study_id = %(study)s and a.period = 1 and a.baseline is not null and b.baseline is not null
        group by 1 order by 1
        """,
        values,
    )
    return Baselines(
        tuple((period, total, n) for period, total, n in totals),
        tuple((difference, n) for difference, n in differences),
    )


def sites(study: Study) -> tuple[SiteFigures, ...]:
    """Participants, completers, and response at the primary visit of each site."""
    states = _states(study)
    counted = rows(
        """
        select s.code, count(*) filter (where w.completer), coalesce(sum(o.n), 0)::int,
               coalesce(sum(o.yes), 0)::int, coalesce(sum(o.remitted), 0)::int, count(*) filter (where o.n > 0),
               min(t.consented_on)
        from accounts_site s
        left join enrollment_participant t on t.site_id = s.id
        left join analysis_participantoutcome w on w.participant_id = t.id
        left join (
          select participant_id, count(*) as n, count(*) filter (where response) as yes,
                 count(*) filter (where remission) as remitted
          from analysis_outcome where study_id = %(study)s and evaluable group by 1) o on o.participant_id = t.id
        where s.study_id = %(study)s group by 1 order by 1
        """,
        {"study": study.pk},
    )
    return tuple(site_figures(code, states.get(code, Counter()), *row) for code, *row in counted)


def site_figures(
    code: str,
    states: Counter[Disposition],
    completers: int,
    evaluable: int,
    responders: int,
    remitters: int,
    participants: int,
    since: date | None,
) -> SiteFigures:
    return SiteFigures(
        site=code,
        screened=states.total(),
        randomised=sum(states[state] for state in RANDOMISED),
        completers=completers,
        evaluable=evaluable,
        responders=responders,
        remitters=remitters,
        participants=participants,
        since=since,
        **{state: states[state] for state in DISPOSITIONS},
    )


def _states(study: Study) -> dict[str, Counter[Disposition]]:
    """Site → state → people."""
    counted = rows(
        f"""
        select s.code, t.status, t.randomised_at is not null, count(*)
        from enrollment_participant t join accounts_site s on s.id = t.site_id
        where t.study_id = %(study)s and not {EARLIER_CODE} group by 1, 2, 3
        """,  # noqa: S608 - text of our own
        {"study": study.pk},
    )
    states: dict[str, Counter[Disposition]] = {}
    for code, status, randomised, n in counted:
        states.setdefault(code, Counter())[disposition(status, randomised=randomised)] += n
    return states
