"""Timeliness and completeness of the data. Counts by site, so that a page can show what its reader may see."""

from collections import Counter
from datetime import date, timedelta

from analysis.blinded.counts import endpoint_values
from analysis.blinded.figures import SiteRatings
from analysis.blinded.rows import rows
from enrollment.domain.washout import PeriodDates, VisitDates, anchor_of
from enrollment.protocol.model import Protocol, WashoutRule
from trialsite.accounts.models import Study

# Any day: only differences are counted.
DAY_0 = date(2000, 1, 1)


def washouts(study: Study, rule: WashoutRule | None) -> tuple[tuple[int, int], ...]:
    """(days from the rule's anchor in a period to the next dosing, how many), ascending, of the periods that have one.

    Counted by the function that plans them (enrollment/domain/washout.py), once for each distinct course of days.
    """
    if rule is None:
        return ()
    courses = rows(
        """
        select v.day, v.planned_on - a.dosed_on, v.performed_on - a.dosed_on, v.status <> 'planned',
               b.dosed_on - a.dosed_on, count(*)
        from enrollment_period a
        join enrollment_period b on b.participant_id = a.participant_id and b.number = a.number + 1
        join enrollment_participant t on t.id = a.participant_id and t.study_id = %(study)s
        left join lateral (
          select day, planned_on, performed_on, status from enrollment_visit
          where period_id = a.id order by day desc, id desc limit 1) v on true
        where a.dosed_on is not null and b.dosed_on is not null group by 1, 2, 3, 4, 5
        """,
        {"study": study.pk},
    )
    counted: Counter[int] = Counter()
    for *last_visit, interval, count in courses:
        anchor = anchor_of(rule, _course(*last_visit))
        if anchor:
            counted[interval - (anchor.on - DAY_0).days] += count
    return tuple(sorted(counted.items()))


def _course(day: int | None, planned: int | None, performed: int | None, over: bool | None) -> PeriodDates:
    """A dosing on DAY_0 and the last scheduled visit, its days counted from there."""
    visits = [] if day is None else [VisitDates(day, _date(planned), _date(performed), bool(over))]
    return PeriodDates(DAY_0, None, visits)


def _date(days: int | None) -> date | None:
    return None if days is None else DAY_0 + timedelta(days=days)


def timeliness(study: Study) -> tuple[tuple[str, str, str, int], ...]:
    """(visit code, site, state, visits). States: early, in_window, late, missed, overdue, and open for visits whose
    window is not over. A visit fell due when its window ended while the participant was in the study: one that was
    planned for later, after the participant had left, is not counted, nor is one without dates."""
    counted = rows(
        """
        select v.code, s.code, case
            when v.status = 'missed' then 'missed'
            when v.status = 'done' and v.performed_on < v.earliest_on then 'early'
            when v.status = 'done' and v.performed_on > v.latest_on then 'late'
            when v.status = 'done' then 'in_window'
            when v.latest_on < coalesce(t.left_on, (now() at time zone s.timezone)::date) then 'overdue'
            else 'open' end as state, count(*)
        from enrollment_visit v
        join enrollment_participant t on t.id = v.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        where v.period_id is not null and v.earliest_on is not null
          and (v.status <> 'planned' or t.left_on is null or v.latest_on < t.left_on)
        group by 1, 2, 3 order by 1, 2, 3
        """,
        {"study": study.pk},
    )
    return tuple((code, site, state, n) for code, site, state, n in counted)


def ratings(study: Study, protocol: Protocol) -> tuple[SiteRatings, ...]:
    """Of each site: ratings, those with items missing, those recorded as not done, visits that took place without any
    rating, and ratings that do not count because they are dated on the wrong side of their dose."""
    counted = rows(
        """
        select s.code, count(a.id), count(*) filter (where a.status = 'entered'),
               count(*) filter (where a.status = 'not_done'), count(*) filter (where a.id is null),
               count(*) filter (where a.status <> 'not_done' and
                 assessment_wrong_side(v.code = any(%(after_dose)s), a.performed_on, p.dosed_on) is not null)
        from enrollment_visit v
        join enrollment_participant t on t.id = v.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        left join assessments_assessment a on a.visit_id = v.id
        left join enrollment_period p on p.id = v.period_id
        where v.status = 'done' or a.id is not null group by 1 order by 1
        """,
        endpoint_values(study, protocol),
    )
    return tuple(SiteRatings(*row) for row in counted)


def queries(study: Study) -> tuple[tuple[str, str, int], ...]:
    """(site, status, queries) of those that are not closed."""
    counted = rows(
        """
        select s.code, q.status, count(*)
        from review_query q
        join enrollment_participant t on t.id = q.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        where q.status <> 'closed' group by 1, 2 order by 1, 2
        """,
        {"study": study.pk},
    )
    return tuple((site, status, n) for site, status, n in counted)


def signatures(study: Study) -> tuple[tuple[str, int, int], ...]:
    """(site, visits that took place, those of them without a valid signature)."""
    counted = rows(
        """
        select s.code, count(*), count(*) filter (where not exists (
                 select from review_signature g where g.visit_id = v.id and g.voided_at is null))
        from enrollment_visit v
        join enrollment_participant t on t.id = v.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        where v.status = 'done' group by 1 order by 1
        """,
        {"study": study.pk},
    )
    return tuple((site, took_place, unsigned) for site, took_place, unsigned in counted)


def deviations(study: Study) -> tuple[tuple[str, str, str, int], ...]:
    """(site, class, state, deviations) of those that stand: not of those whose cause was corrected."""
    counted = rows(
        """
        select s.code, d.classification, d.status, count(*)
        from assessments_deviation d
        join enrollment_participant t on t.id = d.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        where d.status <> 'corrected' group by 1, 2, 3 order by 1, 2, 3
        """,
        {"study": study.pk},
    )
    return tuple((site, classification, status, n) for site, classification, status, n in counted)
