"""Who lost a password or a telephone gets in again; of those who may sign or unblind, only by two people.

21 CFR 11.200(a)(3): using another's electronic signature must take the collaboration of two or more. The database
keeps it as well: sql/functions/keep_reset.sql, refuse_lone_reset.sql.
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trialsite.accounts.access import record
from trialsite.accounts.context import audit_context, authorised_change
from trialsite.accounts.models import AccessEvent, AccessReset, Authenticator, Session, Study, User
from trialsite.accounts.policy import TWO_ROLES
from trialsite.accounts.services.people import check_answerable, end_sessions


def takes_two(user: User) -> bool:
    """Whether one administrator asks for a reset of `user` and another grants it. A role that ended counts too: else
    one administrator would end it, reset the access, and grant the role again."""
    return user.memberships.filter(role__in=TWO_ROLES).exists()


def request_reset(user: User, study: Study, *, by: User, kind: str, reason: str) -> AccessReset:
    """Ask that the password or second factor of `user` be reset; of whoever needs no second person it is done at once.

    After a password's the person needs the link of `invitation_of`. Raises ValidationError when it is asked already.
    """
    with authorised_change(by, "people.manage", study, reason=reason):
        check_answerable(user, study, by=by)
        reset = AccessReset(user=user, kind=kind, reason=reason, requested_by=by)
        if not takes_two(user):
            reset.granted, reset.decided_by = True, by
        try:
            with transaction.atomic():
                reset.save(force_insert=True)
        except IntegrityError:
            raise ValidationError(
                _("This has already been requested; it is awaiting a second administrator.")
            ) from None
        if reset.granted:
            _carry_out(reset, by)
    reset.refresh_from_db()
    return reset


def decide_reset(reset: AccessReset, study: Study, *, by: User, granted: bool, reason: str) -> AccessReset:
    """Grant or refuse what another administrator asked for. Raises ValidationError for one's own and a decided one."""
    with authorised_change(by, "people.manage", study, reason=reason):
        check_answerable(reset.user, study, by=by)
        saved = AccessReset.objects.select_for_update().select_related("user").get(pk=reset.pk)
        if saved.granted is not None:
            raise ValidationError(_("This request has already been decided."))
        if saved.requested_by_id == by.pk:
            raise ValidationError(_("You made this request yourself; another administrator has to decide."))
        saved.granted, saved.decided_by, saved.decision_reason = granted, by, reason
        saved.save(force_update=True)
        if granted:
            _carry_out(saved, by)
    saved.refresh_from_db()
    return saved


def reset_at_the_machine(user: User, *, by: User, kind: str, reason: str) -> AccessReset:
    """For the operator, where no second administrator is: by the system user, and audited as such."""
    if not by.is_system:
        raise PermissionDenied("reset at the machine")
    with audit_context(by, role="at the machine", reason=reason):
        AccessReset.objects.waiting().filter(user=user, kind=kind).update(
            granted=False, decided_by=by, decision_reason=_("reset at the machine instead")
        )
        reset = AccessReset.objects.create(
            user=user, kind=kind, reason=reason, requested_by=by, granted=True, decided_by=by
        )
        _carry_out(reset, by)
    reset.refresh_from_db()
    return reset


def acknowledge_resets(*, by: User) -> None:
    """`by` has been told of the resets of their own access."""
    with audit_context(by, reason="told of"):
        AccessReset.objects.untold(by).update(told_at=timezone.now())


def _carry_out(reset: AccessReset, by: User) -> None:
    user = reset.user
    if reset.kind == AccessReset.Kind.PASSWORD:
        # Every earlier link is worthless too: the hash is part of what it signs.
        saved = User.objects.select_for_update().get(pk=user.pk)
        saved.set_unusable_password()
        saved.save(update_fields=["password"])
        record(AccessEvent.Kind.LINK, user, by=by)
    else:
        Authenticator.objects.filter(user=user, confirmed=True).update(confirmed=False)
    end_sessions(user, Session.objects.of(user), by=by)
