"""The list of earlier treatments. How many did not help is known once somebody has said that the list is complete."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from enrollment.domain.brands import substance_of
from enrollment.facts import COMPLETE, COUNT, locked, write_facts
from enrollment.models import FailedTreatment, Participant
from trialsite.accounts.acting import act
from trialsite.accounts.models import User

SOURCE = "treatment list"


def add_treatment(
    participant: Participant,
    *,
    by: User,
    kind: str,
    name: str,
    dose: str,
    weeks: int | None,
    outcome: str,
    sure: bool = False,
) -> FailedTreatment:
    """Raises ValidationError by field: a kind or an outcome that is no choice, and a substance that stands on the list
    under another name, unless that is meant (`sure`)."""
    with act(by, "participant.screen", participant.study, participant.site, reason="treatment added"):
        saved = locked(participant)
        treatment = FailedTreatment(
            participant=participant, kind=kind, name=name.strip(), dose=dose, weeks=weeks, outcome=outcome
        )
        treatment.clean_fields(exclude=["participant"])
        if not sure:
            _check_listed(saved, treatment)
        treatment.save(force_insert=True)
        _count_failed(participant)
    return treatment


def remove_treatment(treatment: FailedTreatment, *, by: User, reason: str) -> None:
    """Take a treatment off the list; the row stays, marked removed."""
    participant = treatment.participant
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the treatment is taken off the list.")})
    with act(by, "participant.screen", participant.study, participant.site, reason=reason):
        locked(participant)
        FailedTreatment.objects.filter(pk=treatment.pk).update(removed=True)
        _count_failed(participant)


def declare_treatments(participant: Participant, *, by: User, complete: bool, reason: str = "") -> None:
    """Say that the list names every earlier treatment, also when there is none; or take that back, with a reason."""
    if not complete and not reason.strip():
        raise ValidationError({"reason": _("Say why the list is not complete after all.")})
    why = reason or "treatment list declared complete"
    with act(by, "participant.screen", participant.study, participant.site, reason=why):
        locked(participant)
        write_facts(participant, {COMPLETE: complete}, source=SOURCE)
        _count_failed(participant)


def _check_listed(participant: Participant, treatment: FailedTreatment) -> None:
    """A known brand and its substance are one drug."""
    substance = substance_of(treatment.name)
    for other in participant.treatments.filter(removed=False, kind=treatment.kind):
        if substance_of(other.name) == substance and other.name.casefold() != treatment.name.casefold():
            said = _(
                "%(new)s and %(listed)s, which is listed, are both %(substance)s. They count once. Add it all the same?"
            )
            names = {"new": treatment.name, "listed": other.name, "substance": substance}
            raise ValidationError({"sure": said % names})


def _count_failed(participant: Participant) -> None:
    """Different treatments that did not help enough: the same substance twice counts once. Unknown until the list is
    declared complete; of who was decided on before lists were declared, the list was taken to be."""
    declared = participant.facts.filter(name=COMPLETE).values_list("value", flat=True).first()
    complete = participant.decisions.exists() if declared is None else bool(declared)
    listed = participant.treatments.filter(removed=False, outcome__in=FailedTreatment.FAILED)
    count = len({(kind, substance_of(name)) for kind, name in listed.values_list("kind", "name")})
    write_facts(participant, {COUNT: count if complete else None}, source=SOURCE)
