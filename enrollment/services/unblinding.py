"""Emergency unblinding: what one participant got, for the physician who must know it."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.models import Participant
from trialsite.accounts.acting import act
from trialsite.accounts.models import User


@dataclass(frozen=True, slots=True)
class Given:
    """One period's kit and the arm's code. Shown once, never stored where blinded people read."""

    period: int
    kit_number: str
    arm: str


def unblind(participant: Participant, *, by: User, reason: str, session_key: str) -> list[Given]:
    """Mark `participant` as unblinded and return what was given. The caller has checked the password.

    The database itself checks the live session and its role, and logs. Needs neither broker nor mail.
    Raises ValidationError when the participant was never randomised.
    """
    with act(by, "participant.unblind", participant.study, participant.site, reason=reason):
        saved = Participant.objects.select_for_update().get(pk=participant.pk)
        if saved.randomised_at is None:
            raise ValidationError(_("This participant was not randomised: there is nothing to unblind."))
        if saved.unblinded_at is None:
            saved.unblinded_at = timezone.now()
            saved.version += 1
            saved.save()
        with connection.cursor() as cursor:
            cursor.execute(
                "select period, kit_number, arm from closed.unblind(%s, %s, %s)",
                [session_key, saved.pk, reason],
            )
            return [Given(*row) for row in cursor.fetchall()]
