"""Whether the list of earlier treatments is complete. What stands on it are records of a form, of which rooms above this
one make the count; it is known once somebody has said that the list names them all."""

from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from enrollment.domain.eligibility import TREATMENTS_COMPLETE
from enrollment.models import Participant
from enrollment.screening.facts import write_facts
from enrollment.selectors import locked
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.lib.visible import is_visible

SOURCE = "treatment list"
# What rooms above this one do then, in the same transaction. Named here, for nothing here imports them.
DECLARED = ("assessments.entry.effects.hear_criteria",)


def declare_treatments(participant: Participant, *, by: User, complete: bool, reason: str = "") -> None:
    """Say that the list names every earlier treatment, also when there is none; or take that back, with a reason."""
    if not complete and not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason why the list is not complete.")})
    why = reason or "treatment list declared complete"
    with authorised_change(by, "participant.screen", participant.study, participant.site, reason=why):
        saved = locked(participant)
        write_facts(saved, {TREATMENTS_COMPLETE: complete}, source=SOURCE)
        for effect in DECLARED:
            import_string(effect)(saved)
