"""Why the database lets somebody not sign, decide or unblind, in words."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from trialsite.accounts.models import User
from trialsite.lib import refusals


def refusal_of(error: DatabaseError, by: User, rest_hours: int) -> Exception:
    """What to raise instead of `error` of sql/functions/fresh_confirmation.sql; of another, `error` itself."""
    match refusals.code(error):
        case refusals.UNCONFIRMED:
            return ValidationError(
                _("Your password has not been confirmed recently in this session. Enter it again.")
            )
        case refusals.RESTING:
            until = rests_until(by, rest_hours)
            return ValidationError(
                _(
                    "Your password or second factor was reset recently. You cannot sign, decide or unblind"
                    " until %(until)s UTC. If it cannot wait, ask another user with your role."
                )
                % {"until": date_format(until, "j M Y H:i") if until else ""}
            )
    return error


def rests_until(user: User, hours: int) -> datetime | None:
    """Until when `user` signs nothing, `hours` after another password or second factor; None without a reset."""
    with connection.cursor() as cursor:
        cursor.execute("select signing_rests_until(%s, %s)", [user.pk, hours])
        moment: datetime | None = cursor.fetchone()[0]
    return moment
