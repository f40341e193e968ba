"""People and their roles. Nobody sets another's password: an invitation is a link that works once."""

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from trialsite.accounts.access import record
from trialsite.accounts.acting import act, signed_by
from trialsite.accounts.models import Access, Membership, Role, Session, Site, Study, User


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
    with act(by, "people.manage", study, reason="invited"):
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(
                {"username": _("This username is or was in use; usernames are never given twice.")}
            )
        user = User(username=username, printed_name=printed_name, email=email)
        user.set_unusable_password()
        user.save()
        grant_role(user, study, by=by, role=role, site=site)
    return user


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
    with signed_by(user, reason="invitation accepted"):
        user.set_password(password)
        user.save(update_fields=["password"])


def grant_role(user: User, study: Study, *, by: User, role: str, site: Site | None) -> Membership:
    """Give `user` a role at `site`, or at all sites of the study. Raises ValidationError for a forbidden pair."""
    with act(by, "people.manage", study, reason="role granted"):
        if site is not None and role in AT_ALL_SITES:
            raise ValidationError(
                {"site": _("This role is held at all sites of the study. Leave the site empty.")}
            )
        held = set(Membership.objects.current().filter(user=user, study=study).values_list("role", flat=True))
        if (role == Role.ADMINISTRATOR and held - {Role.ADMINISTRATOR}) or (
            role != Role.ADMINISTRATOR and Role.ADMINISTRATOR in held
        ):
            raise ValidationError({"role": _("Nobody both administers a study and works with its data.")})
        if Membership.objects.current().filter(user=user, study=study, role=role, site=site).exists():
            raise ValidationError({"role": _("This person has this role there already.")})
        return Membership.objects.create(user=user, study=study, role=role, site=site, granted_by=by)


def end_role(membership: Membership, *, by: User, reason: str) -> None:
    """End a role now; the person's sessions end with it."""
    with act(by, "people.manage", membership.study, reason=reason):
        Membership.objects.filter(pk=membership.pk, ends_at=None).update(ends_at=timezone.now())
        end_sessions(membership.user, Session.objects.of(membership.user), by=by)


def end_sessions(user: User, sessions: QuerySet[Session], *, by: User) -> None:
    """End these of the sessions of `user`. Sessions are no trial data; that they were ended is audited."""
    if sessions.filter(user_id=user.pk).delete()[0]:
        record(Access.Kind.SESSION_ENDED, user, by=by)


def change_password(password: str, *, by: User, keep: str) -> None:
    """One's own, already confirmed by the old one. All sessions but `keep` end. ValidationError if too weak."""
    validate_password(password, by)
    with signed_by(by, reason="password changed"):
        by.set_password(password)
        by.save(update_fields=["password"])
        end_sessions(by, Session.objects.of(by).exclude(session_key=keep), by=by)
