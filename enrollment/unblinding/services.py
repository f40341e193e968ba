"""Emergency unblinding: what one participant got, for the physician who must know it."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.models import Participant
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.review.signing import refusal_of


@dataclass(frozen=True, slots=True)
class KitGiven:
    """One period's kit and the arm's code; None: no such kit is known. `by_mistake`: it was given in the place of the one
    assigned. Shown once, never stored where blinded people read."""

    period: int
    kit_number: str
    arm: str | None
    by_mistake: bool


def unblind(participant: Participant, *, by: User, reason: str, session_key: str) -> list[KitGiven]:
    """Mark `participant` as unblinded and return what was given. The caller has just confirmed the password.

    The database itself checks the live session, its role and that confirmation, and logs. Needs neither broker nor mail.
    Raises ValidationError when the participant was never randomised, without the confirmation, and shortly after a reset
    of the caller's access.
    """
    with authorised_change(by, "participant.unblind", participant.study, participant.site, reason=reason):
        saved = Participant.objects.select_for_update().get(pk=participant.pk)
        if saved.randomised_at is None:
            raise ValidationError(
                _("This participant has not been randomised: there is no treatment to unblind.")
            )
        if saved.unblinded_at is None:
            saved.unblinded_at = timezone.now()
            saved.version += 1
            saved.save()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "select period, kit_number, arm from closed.unblind(%s, %s, %s)",
                    [session_key, saved.pk, reason],
                )
                assigned = set(saved.periods.values_list("number", "kit_number"))
                return [
                    KitGiven(number, kit, arm, by_mistake=(number, kit) not in assigned)
                    for number, kit, arm in cursor.fetchall()
                ]
        except DatabaseError as error:
            raise refusal_of(error, by, saved.protocol.definition.signing_rest_hours) from error
