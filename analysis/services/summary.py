"""The blinded figures of a study: pooled over treatment and sequence, each with its denominator."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from analysis.blinded import counts, quality
from analysis.domain import flow
from analysis.looks import today_of
from analysis.models import Look, StudySummary
from analysis.rules import rules_in_force
from trialsite.accounts.models import Study
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import owe

# Of the figures' keys: a page does not show figures of another shape, which an upgrade leaves for some seconds.
SHAPE = 5


@transaction.atomic
def summarise(studies: Sequence[int]) -> None:
    """Compute the figures of `studies` (ids) and replace the stored ones."""
    for study in Study.objects.filter(pk__in=studies).order_by("pk"):
        figures = figures_of(study)
        StudySummary.objects.get_or_create(study=study, defaults={"figures": {}, "serial": 0})
        StudySummary.objects.filter(study=study).update(
            figures=figures, serial=F("serial") + 1, computed_at=timezone.now()
        )


def summarise_again() -> None:
    """Owe the figures of every study: what is overdue changes with the day, without a save. So does a look that was
    asked for before its day."""
    owe(Outbox.Kind.SUMMARY, Study.objects.values_list("pk", flat=True))
    owe(Outbox.Kind.REPORT, Look.objects.filter(taken_at=None).values_list("study_id", flat=True))


def figures_of(study: Study) -> dict[str, Any]:
    """Everything the blinded dashboard shows of the whole study. Nothing here knows of arms or sequences.

    The schedule is the newest protocol's, the outcomes are by the rules in force.
    """
    rules = study.protocols.latest().rules
    endpoints = rules_in_force(study).rules
    stops = flow.count(counts.courses(study, endpoints))
    completers = counts.completers(study)
    today = today_of(study)
    return {
        "shape": SHAPE,
        "planned": rules.planned_enrolment,
        "screened": flow.reached(stops, 0),
        "randomised": flow.reached(stops, 1),
        "flow": flow.rows(stops),
        "periods": counts.periods(study),
        "completers": completers,
        "patterns": counts.patterns(study),
        "enrolment": counts.enrolment(study),
        "pooled": counts.pooled(study, endpoints),
        "course": counts.course(study),
        "baselines": counts.baselines(study),
        "washouts": quality.washouts(study, rules.washout),
        "timeliness": quality.timeliness(study),
        "ratings": quality.ratings(study),
        "queries": quality.queries(study),
        "signatures": quality.signatures(study),
        "sites": counts.sites(study),
        "looks": [
            {
                "number": look.number,
                "completers": look.completers,
                "on": look.on,
                "due": look.due(completers, today),
            }
            for look in (rules.stopping.looks if rules.stopping else ())
        ],
    }
