"""People and outcomes, pooled over treatment and sequence."""

from collections.abc import Iterator
from typing import Any

from analysis.blinded.rows import rows
from analysis.domain.flow import Course
from analysis.models import ParticipantOutcome
from enrollment.domain.protocol import Protocol
from trialsite.accounts.models import Study

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


def endpoint_values(study: Study, rules: Protocol) -> dict[str, Any]:
    """The parameters of a query with PERIOD_STATE."""
    end = rules.endpoints
    return {"study": study.pk, "endpoint_visits": [end.baseline_visit, end.primary_visit]}


def completers(study: Study) -> int:
    """Participants who are evaluable in every period."""
    return ParticipantOutcome.objects.filter(study=study, completer=True).count()


def not_randomised(study: Study) -> list[list[Any]]:
    """[status, criteria not met, participants] of who was screened and not randomised; the criteria are those of the
    latest decision on a screen failure."""
    found = rows(
        """
        select t.status, coalesce(d.names, '{}'), count(*)
        from enrollment_participant t
        left join lateral (
          select array_agg(c #>> '{params,name}' order by c ->> 'id') as names
          from (select criteria from enrollment_eligibilitydecision e
                where e.participant_id = t.id order by e.id desc limit 1) latest, jsonb_array_elements(latest.criteria) c
          where t.status = 'screen_failed' and c ->> 'verdict' = 'not met') d on true
        where t.study_id = %(study)s and t.randomised_at is null group by 1, 2 order by 1, 2
        """,
        {"study": study.pk},
    )
    return [list(row) for row in found]


def courses(study: Study, rules: Protocol) -> Iterator[tuple[Course, int]]:
    """Everybody screened, by what the flow asks of them, and how many are alike."""
    for status, criteria, n in not_randomised(study):
        yield Course(status, randomised=False, criteria=tuple(criteria)), n
    found = rows(
        f"""
        select status, numbers, states, count(*) from (
          select t.id, t.status, array_agg(p.number order by p.number) filter (where p.id is not null) as numbers,
                 array_agg({PERIOD_STATE} order by p.number) filter (where p.id is not null) as states
          from enrollment_participant t
          join accounts_site s on s.id = t.site_id
          left join enrollment_period p on p.participant_id = t.id
          left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
          where t.study_id = %(study)s and t.randomised_at is not null group by t.id) one
        group by 1, 2, 3 order by 1, 2, 3
        """,  # noqa: S608 - text of our own
        endpoint_values(study, rules),
    )
    for status, numbers, states, n in found:
        by_number = dict(zip(numbers or (), states or (), strict=True))
        states = [by_number.get(period.number, "not_dosed") for period in rules.periods]
        yield Course(status, True, tuple(states)), n


def periods(study: Study) -> list[dict[str, int]]:
    """Of each period: participants rated without a baseline."""
    found = rows(
        """
        select p.number, count(o.id) filter (where o.baseline is null and o.inputs <> '{}')
        from enrollment_period p
        join enrollment_participant t on t.id = p.participant_id and t.study_id = %(study)s
        left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
        group by p.number order by p.number
        """,
        {"study": study.pk},
    )
    return [{"number": number, "without_baseline": n} for number, n in found]


def patterns(study: Study) -> list[list[Any]]:
    """[pattern, completers] for each pattern that occurs."""
    found = rows(
        "select pattern, count(*) from analysis_participantoutcome"
        " where study_id = %(study)s and completer group by 1 order by 1",
        {"study": study.pk},
    )
    return [list(row) for row in found]


def enrolment(study: Study) -> list[list[Any]]:
    """[ISO date, participants randomised that day], ascending."""
    found = rows(
        """
        select (t.randomised_at at time zone s.timezone)::date, count(*)
        from enrollment_participant t join accounts_site s on s.id = t.site_id
        where t.study_id = %(study)s and t.randomised_at is not null group by 1 order by 1
        """,
        {"study": study.pk},
    )
    return [[day.isoformat(), count] for day, count in found]


def pooled(study: Study, rules: Protocol) -> list[dict[str, Any]]:
    """For each visit after baseline: participant-periods evaluable, responders and remitters among them."""
    found = rows(
        """
        select v.key, count(*), count(*) filter (where (v.value ->> 'response')::boolean),
               count(*) filter (where (v.value ->> 'remission')::boolean)
        from analysis_outcome o, jsonb_each(o.visits) v
        where o.study_id = %(study)s and v.value ->> 'response' is not null group by 1
        """,
        {"study": study.pk},
    )
    by_visit = {code: counted for code, *counted in found}
    return [
        {
            "visit": visit.code,
            "label": visit.label,
            "day": visit.day,
            "primary": visit.code == rules.endpoints.primary_visit,
            **dict(zip(("n", "responders", "remitters"), by_visit.get(visit.code, [0, 0, 0]), strict=True)),
        }
        for visit in rules.visits
        if visit.code != rules.endpoints.baseline_visit
    ]


def course(study: Study) -> dict[str, int]:
    """Of participant-periods with response: how many, in how many its course is known, was sustained, was lost."""
    (found,) = rows(
        """
        select count(*), count(relapse), count(*) filter (where sustained), count(*) filter (where relapse)
        from analysis_outcome where study_id = %(study)s and response
        """,
        {"study": study.pk},
    )
    return dict(zip(("responders", "known", "sustained", "relapse"), found, strict=True))


def baselines(study: Study) -> dict[str, Any]:
    """[period, total, participants], and of those with both of the first two periods [period 2 − 1, participants]."""
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
    return {"totals": [list(row) for row in totals], "differences": [list(row) for row in differences]}


def sites(study: Study) -> list[dict[str, Any]]:
    """Of each site: people by stage, and response at the primary visit. `people`: who stands under `evaluable`."""
    found = rows(
        """
        select s.code, count(t.id), count(t.randomised_at), count(*) filter (where t.status = 'withdrawn'),
               count(*) filter (where w.completer), coalesce(sum(o.n), 0)::int, coalesce(sum(o.yes), 0)::int,
               coalesce(sum(o.remitted), 0)::int, count(*) filter (where o.n > 0)
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
    names = (
        "site",
        "screened",
        "randomised",
        "withdrawn",
        "completers",
        "evaluable",
        "responders",
        "remitters",
        "people",
    )
    return [dict(zip(names, row, strict=True)) for row in found]
