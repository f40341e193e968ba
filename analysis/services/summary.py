"""The blinded figures of a study: pooled over treatment and sequence, each with its denominator."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from analysis.models import Outcome, StudySummary
from enrollment.domain.protocol import Protocol
from enrollment.models import Participant
from trialsite.accounts.models import Study


@transaction.atomic
def summarise(studies: Sequence[int]) -> None:
    """Compute the figures of `studies` (ids) and replace the stored ones."""
    for study in Study.objects.filter(pk__in=studies).order_by("pk"):
        figures = figures_of(study)
        StudySummary.objects.get_or_create(study=study, defaults={"figures": {}, "serial": 0})
        StudySummary.objects.filter(study=study).update(
            figures=figures, serial=F("serial") + 1, computed_at=timezone.now()
        )


def figures_of(study: Study) -> dict[str, Any]:
    """Everything the blinded dashboard shows of the whole study. Nothing here knows of arms or sequences."""
    rules = study.protocols.latest().rules
    status = dict(Participant.objects.filter(study=study).values_list("status").annotate(n=Count("id")))
    randomised = Participant.objects.filter(study=study).exclude(randomised_at=None).count()
    completers = _completers(study, len(rules.periods))
    return {
        "planned": rules.planned_enrolment,
        "screened": sum(status.values()),
        "status": status,
        "randomised": randomised,
        "periods": _periods(study),
        "completers": completers,
        "enrolment": _enrolment(study),
        "pooled": _pooled(study, rules),
        "washouts": _washouts(study),
        "looks": [
            {"number": look.number, "completers": look.completers, "due": completers >= look.completers}
            for look in (rules.stopping.looks if rules.stopping else ())
        ],
    }


def _completers(study: Study, periods: int) -> int:
    """Participants evaluable for the primary endpoint in every period of the protocol."""
    return (
        Outcome.objects.filter(study=study, evaluable=True)
        .values("participant")
        .annotate(n=Count("id"))
        .filter(n=periods)
        .count()
    )


def _periods(study: Study) -> list[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select p.number, count(p.dosed_on), count(o.id) filter (where o.evaluable),
                   count(o.id) filter (where o.baseline is null and o.inputs <> '{}')
            from enrollment_period p
            join enrollment_participant t on t.id = p.participant_id and t.study_id = %s
            left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
            group by p.number order by p.number
            """,
            [study.pk],
        )
        return [
            {"number": number, "dosed": dosed, "evaluable": evaluable, "without_baseline": without}
            for number, dosed, evaluable, without in cursor.fetchall()
        ]


def _enrolment(study: Study) -> list[list[Any]]:
    """[ISO date, participants randomised that day], ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select (t.randomised_at at time zone s.timezone)::date, count(*)
            from enrollment_participant t join accounts_site s on s.id = t.site_id
            where t.study_id = %s and t.randomised_at is not null group by 1 order by 1
            """,
            [study.pk],
        )
        return [[day.isoformat(), count] for day, count in cursor.fetchall()]


def _pooled(study: Study, rules: Protocol) -> list[dict[str, Any]]:
    """For each visit after baseline: participant-periods evaluable, responders, remitters, without baseline."""
    rows = []
    outcomes = Outcome.objects.filter(study=study)
    for visit in rules.visits:
        if visit.code == rules.endpoints.baseline_visit:
            continue
        response, remission = f"visits__{visit.code}__response", f"visits__{visit.code}__remission"
        counts = outcomes.aggregate(
            n=Count("id", filter=Q(**{response: True}) | Q(**{response: False})),
            responders=Count("id", filter=Q(**{response: True})),
            remitters=Count("id", filter=Q(**{response + "__in": [True, False], remission: True})),
        )
        primary = visit.code == rules.endpoints.primary_visit
        rows.append(
            {"visit": visit.code, "label": visit.label, "day": visit.day, "primary": primary, **counts}
        )
    return rows


def _washouts(study: Study) -> list[list[int]]:
    """[days from one infusion to the next, how many], ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select b.dosed_on - a.dosed_on, count(*)
            from enrollment_period a
            join enrollment_period b on b.participant_id = a.participant_id and b.number = a.number + 1
            join enrollment_participant t on t.id = a.participant_id and t.study_id = %s
            where a.dosed_on is not null and b.dosed_on is not null group by 1 order by 1
            """,
            [study.pk],
        )
        return [[days, count] for days, count in cursor.fetchall()]
