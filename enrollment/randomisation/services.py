"""Randomisation: the database gives the next kit numbers; nobody here learns the arm."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.halts.selectors import halted
from enrollment.models import Participant, ProtocolVersion
from enrollment.schedule.services.making import make_schedule
from enrollment.supply.services import assign_kits
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue, wake_workers
from trialsite.lib import refusals
from trialsite.lib.bulk import insert_like


def randomise(participant: Participant, *, by: User) -> Participant:
    """Allocate an eligible participant: kit numbers by period, and the periods' visits without dates.

    Called twice it returns the participant as it is. Raises ValidationError when the participant is not
    eligible, enrolment is paused, the site's allocation list is used up, or its stock of kits.
    """
    with authorised_change(
        by, "participant.randomise", participant.study, participant.site, reason="randomised"
    ):
        saved = Participant.objects.select_for_update().select_related("protocol").get(pk=participant.pk)
        if saved.randomised_at:
            return saved
        if halted(saved.study_id, "randomisation"):
            raise ValidationError(
                _("Enrolment is paused: no participant can be randomised until it is resumed.")
            )
        if saved.status != Participant.Status.ELIGIBLE:
            raise ValidationError(_("Only participants with confirmed eligibility can be randomised."))
        protocol = saved.protocol.definition
        kits = _assign(saved) if protocol.allocation else {}
        make_schedule(saved.protocol, {saved.pk: kits}, {})
        assign_kits(saved, kits)
        saved.status = Participant.Status.RANDOMISED
        saved.randomised_at = timezone.now()
        saved.version += 1
        saved.save()
        wake_workers(Outbox.Kind.RECOMPUTE)
    return saved


def enrol_treated(
    protocol: ProtocolVersion,
    sites: Mapping[str, int],
    performed: Mapping[tuple[str, int, str], date | None],
) -> None:
    """Participants of an open series (code → site's id): treated already when they come here, so never screened. Part of an
    import, which has authorised.

    `performed`: (participant's code, period, visit's code) of the visits that took place → when."""
    enrolled = insert_like(
        Participant(
            study=protocol.study,
            protocol=protocol,
            status=Participant.Status.RANDOMISED,
            randomised_at=timezone.now(),
        ),
        {"code": list(sites), "site_id": list(sites.values())},
        ("id", "code"),
    )
    code_of = dict(enrolled)
    make_schedule(
        protocol,
        {participant: {} for participant in code_of},
        {
            (participant, number, visit): performed[code, number, visit]
            for participant, code in code_of.items()
            for number in (spec.number for spec in protocol.definition.periods)
            for visit in (spec.code for spec in protocol.definition.visits)
            if (code, number, visit) in performed
        },
    )


def _assign(participant: Participant) -> dict[int, str]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select period, kit_number from closed.assign(%s)", [participant.pk])
            return dict(cursor.fetchall())
    except DatabaseError as error:
        if refusals.code(error) == refusals.USED_UP:
            raise ValidationError(
                _(
                    "The allocation list of this site has no places left. Ask the unblinded pharmacist to extend it."
                )
            ) from error
        if refusals.code(error) == refusals.NO_KITS:
            raise ValidationError(
                _(
                    "No kits are ready at this site. If kits were received or recorded just now, try again in a moment;"
                    " else ask the unblinded pharmacist to send some."
                )
            ) from error
        raise


def request_allocation_list(site: Site, *, by: User) -> None:
    """Ask the unblinded worker to make (or extend) the list of `site`. The web never sees it made."""
    with authorised_change(by, "allocation.generate", site.study, site):
        enqueue(Outbox.Kind.ALLOCATION, [site.pk])
