"""Deviations are reviewed at the site, closed, and reopened with a reason."""

from collections.abc import Set as AbstractSet

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import Deviation, DeviationTurn
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.lib.visible import is_visible

Kind = DeviationTurn.Kind
Status = Deviation.Status


def review_deviation(deviation: Deviation, *, by: User, text: str, action: str) -> Deviation:
    """What the site says of it: `text`, how it came about and what it means; `action`, what was done, and is done so that
    it does not happen again. Again as long as it is not closed. Raises ValidationError by field."""
    if not is_visible(action):
        raise ValidationError({"action": _("State the corrective action, or that none is needed and why.")})
    allowed = {Status.OPEN, Status.REVIEWED}
    return _turn(
        deviation, "deviation.review", Kind.REVIEWED, allowed, Status.REVIEWED, by, text, action.strip()
    )


def close_deviation(deviation: Deviation, *, by: User, text: str) -> Deviation:
    """Nothing is left to do about it. Raises ValidationError before it was reviewed."""
    return _turn(deviation, "deviation.close", Kind.CLOSED, {Status.REVIEWED}, Status.CLOSED, by, text)


def reopen_deviation(deviation: Deviation, *, by: User, text: str) -> Deviation:
    """It was not settled after all: back to review, with the reason (`text`)."""
    allowed = {Status.REVIEWED, Status.CLOSED}
    return _turn(deviation, "deviation.close", Kind.REOPENED, allowed, Status.OPEN, by, text)


def _turn(
    deviation: Deviation,
    policy: str,
    kind: Kind,
    allowed: AbstractSet[Status],
    then: Status,
    by: User,
    text: str,
    action: str = "",
) -> Deviation:
    text = text.strip()
    if not is_visible(text):
        raise ValidationError({"text": _("Enter your words; they become part of the record.")})
    participant = deviation.participant
    with authorised_change(by, policy, participant.study, participant.site, reason=text):
        # First what takes the participant's chain of the trail, as every change that files deviations does.
        DeviationTurn.objects.create(
            deviation=deviation,
            participant=participant,
            kind=kind,
            text=text,
            action=action,
            written_by=by,
        )
        saved = Deviation.objects.select_for_update().get(pk=deviation.pk)
        if saved.status not in allowed:
            raise ValidationError(
                _("This deviation is now: %(state)s. Reload the page to see the latest entry.")
                % {"state": saved.get_status_display().lower()}
            )
        saved.status = then
        saved.version += 1
        saved.save(force_update=True)
    return saved
