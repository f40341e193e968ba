"""What eligibility is judged on, as the services of enrolment write it. Called inside their transactions."""

from collections.abc import Mapping
from decimal import Decimal

from enrollment.domain import eligibility
from enrollment.models import Fact, Participant, ProtocolVersion
from enrollment.selectors import facts_of

# Facts of the list of treatments: whether somebody has said that it is complete, and how many of it did not help.
COMPLETE, COUNT = "treatments_complete", "failed_treatments"


def locked(participant: Participant) -> Participant:
    """As it is saved now, held until the transaction ends."""
    return (
        Participant.objects.select_for_update(of=["self"])
        .select_related("protocol", "site", "study")
        .get(pk=participant.pk)
    )


def write_facts(participant: Participant, facts: Mapping[str, float | bool | None], *, source: str) -> None:
    """Save what differs. None: not known, or not any more."""
    saved = {fact.name: fact for fact in participant.facts.all()}
    for name, value in facts.items():
        number = None if value is None else Decimal(str(float(value)))
        fact = saved.get(name)
        if fact is None:
            if number is not None:
                Fact.objects.create(participant=participant, name=name, value=number, source=source)
        elif fact.value != number:
            fact.value, fact.source = number, source
            fact.save()
    _decide_again(participant)


def _decide_again(participant: Participant) -> None:
    """Who was confirmed eligible, and by what is known now is not, goes back to screening: the earlier decision stays on
    record, and nobody is randomised on it."""
    waiting = (
        Participant.objects.select_for_update()
        .filter(pk=participant.pk, status=Participant.Status.ELIGIBLE)
        .first()
    )
    if waiting is None:
        return
    rules = ProtocolVersion.objects.known(waiting.protocol_id).rules
    if eligibility.judge(rules.criteria, facts_of(waiting)).verdict != "eligible":
        waiting.status = Participant.Status.SCREENING
        waiting.version += 1
        waiting.save()
