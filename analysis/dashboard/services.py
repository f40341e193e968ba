"""The blinded figures of a study: pooled over treatment and sequence, each with its denominator."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from analysis.blinded import counts, quality
from analysis.blinded.figures import SHAPE, LookState, StudyFigures
from analysis.domain import flow
from analysis.interim_data import today_of
from analysis.models import Look, StudySummary
from analysis.outcomes.rules import rules_in_force
from trialsite.accounts.models import Study
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib import codec


@transaction.atomic
def summarise(studies: Sequence[int]) -> None:
    """Compute the figures of `studies` (ids) and replace the stored ones."""
    for study in Study.objects.filter(pk__in=studies).order_by("pk"):
        StudySummary.objects.get_or_create(study=study, defaults={"figures": {}, "serial": 0})
        StudySummary.objects.filter(study=study).update(
            figures=codec.encode(figures_of(study)),
            shape=SHAPE,
            serial=F("serial") + 1,
            computed_at=timezone.now(),
        )


def owe_outdated_figures() -> None:
    """Owe the figures that were stored in another shape, by an earlier version, unless they are owed already."""
    owed = Outbox.objects.filter(kind=Outbox.Kind.SUMMARY).values("subject")
    outdated = StudySummary.objects.exclude(shape=SHAPE).exclude(study_id__in=owed)
    if studies := list(outdated.values_list("study_id", flat=True)):
        enqueue(Outbox.Kind.SUMMARY, studies)


def summarise_again() -> None:
    """Owe the figures of every study: what is overdue changes with the day, without a save. So does a look that was
    asked for before its day."""
    enqueue(Outbox.Kind.SUMMARY, Study.objects.values_list("pk", flat=True))
    enqueue(Outbox.Kind.REPORT, Look.objects.filter(taken_at=None).values_list("study_id", flat=True))


def figures_of(study: Study) -> StudyFigures:
    """Everything the blinded dashboard shows of the whole study. Nothing here knows of arms or sequences.

    The schedule is the newest protocol's, the outcomes are by the rules in force.
    """
    protocol = study.protocols.latest().definition
    endpoints = rules_in_force(study).definition
    stops = flow.count(counts.courses(study, endpoints))
    completers = counts.completers(study)
    today = today_of(study)
    looks = protocol.stopping.looks if protocol.stopping else ()
    return StudyFigures(
        planned=protocol.planned_enrolment,
        screened=flow.reached(stops, 0),
        screened_again=counts.screened_again(study),
        randomised=flow.reached(stops, 1),
        flow=tuple(flow.rows(stops)),
        periods=counts.periods(study),
        completers=completers,
        patterns=counts.patterns(study),
        enrolment=counts.enrolment(study),
        pooled=counts.pooled(study, endpoints),
        course=counts.course(study),
        baselines=counts.baselines(study),
        washouts=quality.washouts(study, protocol.washout),
        timeliness=quality.timeliness(study),
        ratings=quality.ratings(study, endpoints),
        queries=quality.queries(study),
        signatures=quality.signatures(study),
        deviations=quality.deviations(study),
        sites=counts.sites(study),
        looks=tuple(
            LookState(look.number, look.completers, look.day(), look.due(completers, today)) for look in looks
        ),
        stay=counts.stay(study),
    )
