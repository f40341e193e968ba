"""Outcomes by participant and period, for one participant or for ten thousand, by one way."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from analysis.domain import response
from analysis.models import Outcome
from assessments.models import Assessment
from enrollment.models import Participant, Period, ProtocolVersion
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import owe

RULE_VERSION = "1"
WRITTEN = [
    "protocol", "baseline", "change", "response", "remission", "evaluable",
    "visits", "inputs", "rule_version", "computed_at", "task_id",
]  # fmt: skip

Ratings = dict[tuple[int, int], dict[tuple[str, str], tuple[int | None, int, int]]]


@transaction.atomic
def recompute(participants: Sequence[int], *, task_id: str = "") -> int:
    """Derive the outcomes of `participants` (ids) again and owe their studies' figures. Idempotent.

    Three reads and one write whatever the number. Returns outcome rows written.
    """
    # The lock keeps an older recompute from overwriting a newer one: the second reads after the first commits.
    people = list(
        Participant.objects.filter(pk__in=participants)
        .order_by("pk")
        .select_for_update(no_key=True)
        .only("id", "study_id", "protocol_id")
    )
    protocols = {p.pk: p for p in ProtocolVersion.objects.filter(pk__in={p.protocol_id for p in people})}
    rule_sets = {pk: rule_set(protocol) for pk, protocol in protocols.items()}
    periods: dict[int, list[int]] = defaultdict(list)
    for participant_id, number in Period.objects.filter(participant__in=people).values_list(
        "participant", "number"
    ):
        periods[participant_id].append(number)
    ratings = _ratings(people)
    now = timezone.now()
    outcomes = [
        _outcome(
            person,
            number,
            protocols[person.protocol_id],
            rule_sets[person.protocol_id],
            ratings,
            now,
            task_id,
        )
        for person in people
        for number in periods[person.pk]
    ]
    Outcome.objects.bulk_create(
        outcomes,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["participant", "period"],
        update_fields=WRITTEN,
    )
    studies = {person.study_id for person in people}
    owe(Outbox.Kind.SUMMARY, studies)
    owe(Outbox.Kind.REPORT, studies)
    return len(outcomes)


def rule_set(protocol: ProtocolVersion) -> response.RuleSet:
    """The response rules that `protocol` states."""
    rules = protocol.rules
    end = rules.endpoints
    return response.RuleSet(
        baseline_visit=end.baseline_visit,
        primary_visit=end.primary_visit,
        response_percent=end.response_percent,
        remission_max=end.remission_max,
        visits=tuple((visit.code, visit.day) for visit in rules.visits),
    )


def _ratings(people: Iterable[Participant]) -> Ratings:
    """(participant, period) → (instrument, visit code) → (total, assessment id, version)."""
    found: Ratings = defaultdict(dict)
    rows = Assessment.objects.filter(participant__in=people, visit__period__isnull=False).values_list(
        "participant_id", "visit__period__number", "instrument", "visit__code", "total", "id", "version"
    )
    for participant, period, instrument, visit, total, pk, version in rows.iterator():
        found[participant, period][instrument, visit] = (total, pk, version)
    return found


def _outcome(
    person: Participant,
    number: int,
    protocol: ProtocolVersion,
    rules: response.RuleSet,
    ratings: Ratings,
    now: Any,
    task_id: str,
) -> Outcome:
    instrument = protocol.rules.endpoints.instrument
    mine = {
        visit: row
        for (code, visit), row in ratings.get((person.pk, number), {}).items()
        if code == instrument
    }
    result = response.assess({visit: row[0] for visit, row in mine.items()}, rules)
    return Outcome(
        participant=person,
        study_id=person.study_id,
        period=number,
        protocol=protocol,
        baseline=result.baseline,
        change=result.change,
        response=result.response,
        remission=result.remission,
        evaluable=result.response is not None,
        visits={
            code: {
                "total": seen.total,
                "change": seen.change,
                "percent_change": seen.percent_change,
                "response": seen.response,
                "remission": seen.remission,
            }
            for code, seen in result.by_visit.items()
        },
        inputs={visit: [row[1], row[2]] for visit, row in mine.items()},
        rule_version=RULE_VERSION,
        computed_at=now,
        task_id=task_id,
    )
