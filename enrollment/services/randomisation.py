"""Randomisation: the database gives the next kit numbers; nobody here learns the arm."""

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.models import EnrollmentPause, Participant, Period, Visit
from trialsite.accounts.acting import act
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import owe, ring
from trialsite.lib import refusals


def randomise(participant: Participant, *, by: User) -> Participant:
    """Allocate an eligible participant: kit numbers by period, and the periods' visits without dates.

    Called twice it returns the participant as it is. Raises ValidationError when the participant is not
    eligible, enrolment is paused, or the site's allocation list is used up.
    """
    with act(by, "participant.randomise", participant.study, participant.site, reason="randomised"):
        saved = Participant.objects.select_for_update().select_related("protocol").get(pk=participant.pk)
        if saved.randomised_at:
            return saved
        if EnrollmentPause.objects.filter(study=saved.study_id, lifted_at=None).exists():
            raise ValidationError(_("Enrolment is paused: no one can be randomised until it is resumed."))
        if saved.status != Participant.Status.ELIGIBLE:
            raise ValidationError(_("Only a participant confirmed eligible can be randomised."))
        rules = saved.protocol.rules
        kits = _assign(saved) if rules.allocation else {}
        periods = Period.objects.bulk_create(
            Period(participant=saved, number=spec.number, kit_number=kits.get(spec.number, ""))
            for spec in rules.periods
        )
        Visit.objects.bulk_create(
            Visit(participant=saved, period=period, code=spec.code, label=spec.label, day=spec.day)
            for period in periods
            for spec in rules.visits
        )
        saved.status = Participant.Status.RANDOMISED
        saved.randomised_at = timezone.now()
        saved.version += 1
        saved.save()
        ring(Outbox.Kind.RECOMPUTE)
    return saved


def _assign(participant: Participant) -> dict[int, str]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select period, kit_number from closed.assign(%s)", [participant.pk])
            return dict(cursor.fetchall())
    except DatabaseError as error:
        if refusals.code(error) == refusals.USED_UP:
            raise ValidationError(
                _(
                    "The allocation list of this site has no free place. Ask the unblinded pharmacist to extend it."
                )
            ) from error
        raise


def request_allocation_list(site: Site, *, by: User) -> None:
    """Ask the unblinded worker to make (or extend) the list of `site`. The web never sees it made."""
    with act(by, "allocation.generate", site.study, site):
        owe(Outbox.Kind.ALLOCATION, [site.pk])


def pause_enrollment(study: Study, *, by: User, reason: str) -> EnrollmentPause:
    with act(by, "enrollment.pause", study, reason=reason):
        pause, _made = EnrollmentPause.objects.get_or_create(
            study=study, lifted_at=None, defaults={"reason": reason, "paused_by": by}
        )
    return pause


def resume_enrollment(pause: EnrollmentPause, *, by: User, reason: str) -> None:
    with act(by, "enrollment.pause", pause.study, reason=reason):
        EnrollmentPause.objects.filter(pk=pause.pk, lifted_at=None).update(
            lifted_at=timezone.now(), lifted_by=by
        )
