"""Enrolment is paused, as a decision after a look, and resumed."""

from django.utils import timezone

from enrollment.models import EnrollmentPause, halted_before
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Study, User


def pause_enrollment(study: Study, *, by: User, reason: str) -> EnrollmentPause:
    """Halt what the protocol says a stop halts, until the pause is lifted."""
    stopping = study.protocols.latest().definition.stopping
    halts = list(stopping.halts) if stopping else halted_before()
    with authorised_change(by, "enrollment.pause", study, reason=reason):
        pause, _created = EnrollmentPause.objects.get_or_create(
            study=study, lifted_at=None, defaults={"reason": reason, "paused_by": by, "halts": halts}
        )
    return pause


def resume_enrollment(pause: EnrollmentPause, *, by: User, reason: str) -> None:
    with authorised_change(by, "enrollment.pause", pause.study, reason=reason):
        EnrollmentPause.objects.filter(pk=pause.pk, lifted_at=None).update(
            lifted_at=timezone.now(), lifted_by=by
        )
