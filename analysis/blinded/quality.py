"""Timeliness and completeness of the data. Counts by site, so that a page can show what its reader may see."""

from typing import Any

from analysis.blinded.rows import rows
from enrollment.domain.protocol import WashoutRule
from trialsite.accounts.models import Study


def washouts(study: Study, rule: WashoutRule | None) -> list[list[int]]:
    """[days between two periods as the protocol counts them, how many], ascending: from infusion to infusion, or
    from the last visit that took place."""
    last_visit = rule is not None and rule.anchor == "last_visit"
    found = rows(
        """
        select b.dosed_on - case when %(last_visit)s then coalesce(v.last_on, a.dosed_on) else a.dosed_on end, count(*)
        from enrollment_period a
        join enrollment_period b on b.participant_id = a.participant_id and b.number = a.number + 1
        join enrollment_participant t on t.id = a.participant_id and t.study_id = %(study)s
        left join lateral (
          select max(performed_on) as last_on from enrollment_visit
          where %(last_visit)s and period_id = a.id and status = 'done') v on true
        where a.dosed_on is not null and b.dosed_on is not null group by 1 order by 1
        """,
        {"study": study.pk, "last_visit": last_visit},
    )
    return [list(row) for row in found]


def timeliness(study: Study) -> list[list[Any]]:
    """[visit code, site, state, visits]. States: early, in_window, late, missed, overdue, and open for visits whose
    window is not over. Visits without dates, and open ones of people who left, are not due and not counted."""
    found = rows(
        """
        select v.code, s.code, case
            when v.status = 'missed' then 'missed'
            when v.status = 'done' and v.performed_on < v.earliest_on then 'early'
            when v.status = 'done' and v.performed_on > v.latest_on then 'late'
            when v.status = 'done' then 'in_window'
            when v.latest_on < (now() at time zone s.timezone)::date then 'overdue'
            else 'open' end as state, count(*)
        from enrollment_visit v
        join enrollment_participant t on t.id = v.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        where v.period_id is not null and v.earliest_on is not null
          and (v.status <> 'planned' or t.status in ('randomised', 'completed'))
        group by 1, 2, 3 order by 1, 2, 3
        """,
        {"study": study.pk},
    )
    return [list(row) for row in found]


def ratings(study: Study) -> list[dict[str, Any]]:
    """Of each site: ratings, those with items missing, those recorded as not done, and visits that took place
    without any rating."""
    found = rows(
        """
        select s.code, count(a.id), count(*) filter (where a.status = 'entered'),
               count(*) filter (where a.status = 'not_done'), count(*) filter (where a.id is null)
        from enrollment_visit v
        join enrollment_participant t on t.id = v.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        left join assessments_assessment a on a.visit_id = v.id
        where v.status = 'done' or a.id is not null group by 1 order by 1
        """,
        {"study": study.pk},
    )
    names = ("site", "ratings", "items_missing", "not_done", "unrated")
    return [dict(zip(names, row, strict=True)) for row in found]


def queries(study: Study) -> list[list[Any]]:
    """[site, status, queries] of those that are not closed."""
    found = rows(
        """
        select s.code, q.status, count(*)
        from review_query q
        join enrollment_participant t on t.id = q.participant_id and t.study_id = %(study)s
        join accounts_site s on s.id = t.site_id
        where q.status <> 'closed' group by 1, 2 order by 1, 2
        """,
        {"study": study.pk},
    )
    return [list(row) for row in found]


def signatures(study: Study) -> list[list[Any]]:
    """[site, visits that took place, those of them without a valid signature]."""
    found = rows(
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
    return [list(row) for row in found]
