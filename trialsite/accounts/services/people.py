"""People and their roles. Nobody sets another's password: an invitation is a link that works once."""

from datetime import datetime
from urllib.parse import unquote_plus

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from trialsite.accounts.access import record
from trialsite.accounts.context import audit_context, authorised_change
from trialsite.accounts.models import (
    AccessEvent,
    AccessReset,
    Membership,
    Role,
    Session,
    Site,
    Study,
    User,
    Username,
)
from trialsite.accounts.policy import TWO_ROLES, may


class InvitationTokens(PasswordResetTokenGenerator):
    """Worthless once the password is set: its hash is part of what is signed."""

    key_salt = "trialsite.invitation"


tokens = InvitationTokens()
# What they do concerns the study as a whole.
AT_ALL_SITES = frozenset({Role.STATISTICIAN, Role.ADMINISTRATOR})


def invite(
    study: Study, *, by: User, username: str, printed_name: str, email: str, role: str, site: Site | None
) -> User:
    """Add a person with a first role. They choose their password by the link of `invitation_path`."""
    with authorised_change(by, "people.manage", study, reason="invited"):
        if User.objects.filter(username__iexact=username).exists() or _was_used(username):
            raise ValidationError(
                {"username": _("This username is or was in use; usernames are never reused.")}
            )
        user = User(username=username, printed_name=printed_name, email=email)
        user.set_unusable_password()
        user.save()
        grant_role(user, study, by=by, role=role, site=site)
    return user


def _was_used(username: str) -> bool:
    """Also by somebody who has another name now. The trigger keep_username decides."""
    return Username.objects.filter(name=Lower(Upper(Value(username)))).exists()


def invitation_of(user: User) -> tuple[str, str]:
    """(user part, token) of the link by which `user` sets a password; both change nothing."""
    return urlsafe_base64_encode(force_bytes(user.pk)), tokens.make_token(user)


def invited(uid: str, token: str) -> User | None:
    """The person an unused, unexpired link belongs to."""
    try:
        user = User.objects.filter(
            pk=int(urlsafe_base64_decode(uid)), is_active=True, is_system=False
        ).first()
    except (ValueError, OverflowError):
        return None
    return user if user and tokens.check_token(user, token) else None


@transaction.atomic
def accept_invitation(user: User, password: str) -> None:
    """Set the first password. Raises ValidationError when it is too weak."""
    validate_password(password, user)
    with audit_context(user, reason="invitation accepted"):
        # Of two who use the link at the same moment, the second finds it used.
        if not User.objects.select_for_update().filter(pk=user.pk, password=user.password).exists():
            raise ValidationError(_("This link has just been used."))
        user.set_password(password)
        user.save(update_fields=["password"])
        AccessReset.objects.note_use(user, AccessReset.Kind.PASSWORD)


def grant_role(
    user: User,
    study: Study,
    *,
    by: User,
    role: str,
    site: Site | None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Membership:
    """Give `user` a role at `site`, or at all sites of the study, from `starts_at` (now) until `ends_at` (open).

    Raises ValidationError for a forbidden pair, a role held already, an end that is not after the start, and what takes
    a second administrator.
    """
    with authorised_change(by, "people.manage", study, reason="role granted"):
        _check_granter(user, role, by)
        begin = starts_at or timezone.now()
        if ends_at is not None and ends_at <= max(begin, timezone.now()):
            raise ValidationError({"ends_on": _("The end date is before the start date, or in the past.")})
        _check_pair(user, study, role, site)
        same = user.memberships.open().filter(study=study, role=role, site=site)
        if same.filter(Q(ends_at=None) | Q(ends_at__gt=begin)).exists():
            raise ValidationError({"role": _("This user already has this role there.")})
        return Membership.objects.create(
            user=user, study=study, role=role, site=site, granted_by=by, starts_at=begin, ends_at=ends_at
        )


def _check_granter(user: User, role: str, by: User) -> None:
    """Nobody makes the second administrator that they need, or a signer of somebody whose access they hold."""
    if by.is_system:
        return
    if role == Role.ADMINISTRATOR:
        raise ValidationError(
            {
                "role": _(
                    "Administrators are created on the server: manage.py grant_role or add_administrator."
                )
            }
        )
    if role in TWO_ROLES and user.resets.filter(granted=True, requested_by=by, decided_by=by).exists():
        raise ValidationError(
            {
                "role": _(
                    "You reset this user's access yourself. A second administrator has to grant a role that may sign."
                )
            }
        )


def _check_pair(user: User, study: Study, role: str, site: Site | None) -> None:
    if site is not None and role in AT_ALL_SITES:
        raise ValidationError(
            {"site": _("This role applies to all sites of the study. Leave the site empty.")}
        )
    held = set(user.memberships.open().filter(study=study).values_list("role", flat=True))
    if (role == Role.ADMINISTRATOR and held - {Role.ADMINISTRATOR}) or (
        role != Role.ADMINISTRATOR and Role.ADMINISTRATOR in held
    ):
        raise ValidationError({"role": _("A user cannot both administer a study and work with its data.")})


def end_role(membership: Membership, *, by: User, reason: str) -> None:
    """End a role now; the person's sessions end with it."""
    with authorised_change(by, "people.manage", membership.study, reason=reason):
        now = timezone.now()
        # One that has not begun never counts.
        begun = min(now, membership.starts_at)
        Membership.objects.open().filter(pk=membership.pk).update(starts_at=begun, ends_at=now)
        end_sessions(membership.user, Session.objects.of(membership.user), by=by)


def deactivate(user: User, study: Study, *, by: User, reason: str) -> None:
    """Keep `user` out of everything; sessions end at once. Roles stay, and count again after `reactivate`."""
    with authorised_change(by, "people.manage", study, reason=reason):
        check_answerable(user, study, by=by)
        User.objects.filter(pk=user.pk).update(is_active=False)
        end_sessions(user, Session.objects.of(user), by=by)


def reactivate(user: User, study: Study, *, by: User, reason: str) -> None:
    with authorised_change(by, "people.manage", study, reason=reason):
        check_answerable(user, study, by=by)
        User.objects.filter(pk=user.pk).update(is_active=True)


def check_answerable(user: User, study: Study, *, by: User) -> None:
    """An account is one for all studies: who decides about it administers every study it works in."""
    if user.pk == by.pk:
        raise ValidationError(_("You cannot do this for yourself. Ask another administrator."))
    elsewhere = Study.objects.filter(memberships__in=user.memberships.open()).exclude(pk=study.pk).distinct()
    if not user.memberships.filter(study=study).exists() or not all(
        may(by, "people.manage", other) for other in elsewhere
    ):
        raise ValidationError(
            _(
                "This user also works in a study that you do not administer. End the roles here instead, or"
                " ask an administrator of both studies."
            )
        )


def end_sessions(user: User, sessions: QuerySet[Session], *, by: User) -> None:
    """End these of the sessions of `user`. Sessions are no trial data; that they were ended is audited."""
    if sessions.filter(user_id=user.pk).delete()[0]:
        record(AccessEvent.Kind.SESSION_ENDED, user, by=by)


def change_password(password: str, *, by: User, keep: str) -> None:
    """One's own, already confirmed by the old one. All sessions but `keep` end. ValidationError if too weak."""
    validate_password(password, by)
    with audit_context(by, reason="password changed"):
        by.set_password(password)
        by.save(update_fields=["password"])
        end_sessions(by, Session.objects.of(by).exclude(session_key=keep), by=by)


def record_list(study: Study, *, by: User, action: str, name: str, filters: str) -> None:
    """Before a byte leaves: who took which list away, with which filters (as in the address)."""
    with authorised_change(by, action, study, reason="list taken"):
        record(AccessEvent.Kind.LIST, by, about=f"{study.code} {name} {unquote_plus(filters)}".strip())
