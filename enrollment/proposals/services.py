"""Proposed dates are accepted for many participants at once, and taken back together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enrollment.models import Period
from enrollment.schedule.services import plan_period, unplan_period
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, User


@dataclass(frozen=True, slots=True)
class AcceptedDay:
    """A period, its version as it was shown, and the day that was proposed for it."""

    period: int
    version: int
    day: date


@transaction.atomic
def accept_days(site: Site, days: Sequence[AcceptedDay], *, by: User) -> list[Period]:
    """Plan all of them, or none: each by the rules of planning one. Raises ValidationError that names the participant, and
    Conflict where something was changed meanwhile."""
    planned = []
    with authorised_change(by, "schedule.plan", site.study, site, reason=_("proposed dates accepted")):
        for accepted in days:
            period = _period_at(site, accepted.period)
            try:
                reason = _("proposed date accepted")
                planned.append(
                    plan_period(period, accepted.day, by=by, version=accepted.version, reason=reason)
                )
            except ValidationError as error:
                code = period.participant.code
                raise ValidationError([f"{code}: {message}" for message in error.messages]) from error
    return planned


@transaction.atomic
def take_back_days(site: Site, periods: Sequence[tuple[int, int]], *, by: User, reason: str) -> int:
    """Take the plans of `periods` (id, version as it was planned) back; one that was changed since stays. Returns how
    many were taken back."""
    taken_back = 0
    with authorised_change(by, "schedule.plan", site.study, site, reason=reason):
        for pk, version in periods:
            period = _period_at(site, pk)
            if period.version == version and period.planned_on and not period.dosed_on:
                unplan_period(period, by=by, version=version, reason=reason)
                taken_back += 1
    return taken_back


def _period_at(site: Site, pk: int) -> Period:
    period = (
        Period.objects.select_related("participant__study", "participant__site", "participant__protocol")
        .filter(pk=pk, participant__site=site)
        .first()
    )
    if period is None:
        raise ValidationError(_("This list is out of date. Reload the page."))
    return period
