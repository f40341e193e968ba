"""Why the database lets somebody not sign, in words."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from trialsite.accounts.models import User
from trialsite.lib import refusals

if TYPE_CHECKING:
    from enrollment.models import Participant


def refusal_of(error: DatabaseError, participant: "Participant", by: User) -> Exception:
    """What to raise instead of `error`: sql/functions/review_signature_guard.sql says when; else `error` itself."""
    match refusals.code(error):
        case refusals.NOT_ALLOWED:
            return PermissionDenied("record.sign")
        case refusals.UNCONFIRMED:
            return ValidationError(
                _("Your password was not confirmed just now in this session. Type it again.")
            )
        case refusals.RESTING:
            until = rests_until(by, participant.protocol.rules.signing_rest_hours)
            return ValidationError(
                _(
                    "Your password or second factor was reset a short while ago. Nothing is signed in your name until"
                    " %(until)s UTC."
                )
                % {"until": date_format(until, "j M Y H:i") if until else ""}
            )
    return error


def rests_until(person: User, hours: int) -> datetime | None:
    """Until when `person` signs nothing, `hours` after another password or second factor; None without a reset."""
    with connection.cursor() as cursor:
        cursor.execute("select signing_rests_until(%s, %s)", [person.pk, hours])
        moment: datetime | None = cursor.fetchone()[0]
    return moment
