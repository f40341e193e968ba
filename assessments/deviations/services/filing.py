"""Deviations file themselves: with every change of what their rules look at, in its transaction, each once."""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from assessments.deviations.courses import courses_of
from assessments.models import Deviation, DeviationTurn
from enrollment.domain.deviations import Breach, breaches, classification, rules_of
from enrollment.models import Participant, Period, ProtocolVersion
from enrollment.protocol.model import Protocol
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User

CHUNK = 500
# What a deviation says of its breach.
FIGURES = ("occurred_on", "days", "recorded", "expected", "classification")

Identity = tuple[str, str, int | None, int | None]
Kind = DeviationTurn.Kind
Status = Deviation.Status


def settle_deviations(participants: Collection[int], *, by: User) -> None:
    """File what `participants` (ids) break and is not filed, mark what they no longer break, and reopen what they break
    again. Part of a change that was written before this is called: its caller has authorised, and its actor and reason
    hold. Called by name too: enrollment/schedule/services/effects.py.

    Whoever changes the same participant at the same time waits for the first entry of this change in the participant's
    chain of the trail, so that what is read here is the last word.
    """
    ids = sorted(participants)
    for start in range(0, len(ids), CHUNK):
        _settle(ids[start : start + CHUNK])


def file_everywhere(*, by: User) -> int:
    """File the deviations of what was recorded before this version could, and return how many. Again, it changes nothing.
    A command line calls this, and is audited as the system user."""
    before = Deviation.objects.count()
    ids = list(Participant.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic(), audit_context(by, role="system", reason="deviations of what was recorded"):
            _settle(ids[start : start + CHUNK])
    return Deviation.objects.count() - before


def _settle(ids: Sequence[int]) -> None:
    # Of nobody else is there anything that a rule looks at.
    given = Period.objects.filter(participant=OuterRef("pk"), dosed_on__isnull=False)
    followed = Participant.objects.filter(pk__in=ids).filter(Q(consented_on__isnull=False) | Exists(given))
    broken: dict[int, dict[Identity, Deviation]] = {}
    people = list(followed)
    courses = courses_of(people)
    for person in people:
        protocol = ProtocolVersion.objects.cached(person.protocol_id).definition
        broken[person.pk] = {
            breach.identity: _deviation(person.pk, breach, protocol)
            for breach in breaches(courses[person.pk], protocol)
        }
    filed = Deviation.objects.select_for_update().filter(participant__in=ids).order_by("pk")
    for deviation in list(filed):
        now = broken.get(deviation.participant_id, {}).pop(deviation.identity, None)
        _bring_up_to_date(deviation, now)
    # Whoever looks at the same course at the same time files the same.
    new = [deviation for of_person in broken.values() for deviation in of_person.values()]
    Deviation.objects.bulk_create(new, ignore_conflicts=True)


def _deviation(participant: int, breach: Breach, protocol: Protocol) -> Deviation:
    return Deviation(
        participant_id=participant,
        visit_id=breach.visit,
        period=breach.period,
        rule=breach.rule,
        subject=breach.subject,
        classification=classification(breach, rules_of(protocol)),
        occurred_on=breach.on,
        days=breach.days,
        recorded=breach.recorded[:80],
        expected=breach.expected[:80],
    )


def _bring_up_to_date(deviation: Deviation, now: Deviation | None) -> None:
    """`now`: as it would be filed today; None when its cause is gone. What people have looked at and is not the same any
    more is theirs to look at again."""
    if now is None:
        if deviation.status != Status.CORRECTED:
            _turn(deviation, Status.CORRECTED, Kind.CORRECTED)
        return
    changed = any(getattr(deviation, name) != getattr(now, name) for name in FIGURES)
    for name in FIGURES:
        setattr(deviation, name, getattr(now, name))
    if deviation.status == Status.CORRECTED:
        _turn(deviation, Status.OPEN, Kind.RETURNED)
    elif changed and deviation.status != Status.OPEN:
        _turn(deviation, Status.OPEN, Kind.CHANGED)
    elif changed:
        _save(deviation)


def _turn(deviation: Deviation, status: Status, kind: Kind) -> None:
    deviation.status = status
    _save(deviation)
    DeviationTurn.objects.create(deviation=deviation, participant_id=deviation.participant_id, kind=kind)


def _save(deviation: Deviation) -> None:
    deviation.version += 1
    deviation.save(force_update=True)
