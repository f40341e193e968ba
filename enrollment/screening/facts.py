"""What eligibility is judged on, as the services of enrolment write it. Called inside their transactions."""

from collections.abc import Mapping
from decimal import Decimal

from enrollment.domain import eligibility
from enrollment.domain.eligibility import TREATMENTS_COMPLETE
from enrollment.models import Participant, ProtocolVersion, ScreeningFact
from enrollment.selectors import facts_of


def write_facts(participant: Participant, facts: Mapping[str, float | bool | None], *, source: str) -> None:
    """Save what differs. None: not known, or not any more."""
    saved = {fact.name: fact for fact in participant.facts.all()}
    for name, value in facts.items():
        number = None if value is None else Decimal(str(float(value)))
        fact = saved.get(name)
        if fact is None:
            if number is not None:
                ScreeningFact.objects.create(participant=participant, name=name, value=number, source=source)
        elif fact.value != number:
            fact.value, fact.source = number, source
            fact.save()
    _decide_again(participant)


def treatments_complete(participant: Participant) -> bool:
    """Whether somebody has said that the list of treatments is complete; of who was decided on before lists were declared,
    it was taken to be."""
    declared = participant.facts.filter(name=TREATMENTS_COMPLETE).values_list("value", flat=True).first()
    return participant.decisions.exists() if declared is None else bool(declared)


def _decide_again(participant: Participant) -> None:
    """Who was confirmed eligible, and by what is known now is not, goes back to screening: the earlier decision stays on
    record, and nobody is randomised on it."""
    confirmed = (
        Participant.objects.select_for_update()
        .filter(pk=participant.pk, status=Participant.Status.ELIGIBLE)
        .first()
    )
    if confirmed is None:
        return
    protocol = ProtocolVersion.objects.cached(confirmed.protocol_id).definition
    if eligibility.judge(protocol.criteria, facts_of(confirmed)).verdict != "eligible":
        confirmed.status = Participant.Status.SCREENING
        confirmed.version += 1
        confirmed.save()
