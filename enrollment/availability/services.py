"""Coordinators keep the days of their site and of its participants."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.availability.selectors import is_region
from enrollment.models import Absence, Participant, SiteHours
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, User
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible

LONGEST = 366


def keep_hours(
    site: Site, *, by: User, version: int, weekdays: str, holidays: str, places: int, reason: str
) -> SiteHours:
    """The ordinary week of a site. Raises ValidationError by field, Conflict when `version` is old."""
    if not weekdays:
        raise ValidationError({"weekdays": _("Choose at least one weekday.")})
    if holidays and not is_region(holidays):
        message = _("The public holidays of %(code)s are not known. Give a code such as US or US-CT.")
        raise ValidationError({"holidays": message % {"code": holidays}})
    with authorised_change(by, "schedule.plan", site.study, site, reason=reason or _("site days kept")):
        saved = SiteHours.objects.select_for_update().filter(site=site).first()
        if (saved.version if saved else 0) != version:
            raise Conflict(saved)
        if saved and not is_visible(reason):
            raise ValidationError({"reason": _("Give the reason for the change.")})
        hours = saved or SiteHours(site=site, version=0)
        hours.weekdays, hours.holidays, hours.places = weekdays, holidays, places
        hours.version += 1
        try:
            with transaction.atomic():
                hours.save()
        except IntegrityError:
            # Somebody else kept the first ones in the same moment.
            raise Conflict(SiteHours.objects.filter(site=site).first()) from None
        return hours


def add_absence(
    site: Site,
    *,
    by: User,
    first_on: date,
    last_on: date,
    reason: str,
    places: int = 0,
    participant: Participant | None = None,
) -> Absence:
    """Days on which the site treats at most `places`, or on which `participant` cannot come. Raises ValidationError by
    field."""
    if last_on < first_on:
        raise ValidationError({"last_on": _("The last day is before the first.")})
    if (last_on - first_on).days >= LONGEST:
        raise ValidationError({"last_on": _("An absence is at most one year. Check the year.")})
    if participant is not None and participant.site_id != site.pk:
        raise ValidationError({"participant": _("There is no participant of that code at this site.")})
    with authorised_change(by, "schedule.plan", site.study, site, reason=_("absence entered")):
        return Absence.objects.create(
            site=site,
            participant=participant,
            first_on=first_on,
            last_on=last_on,
            places=0 if participant else places,
            reason=reason,
            entered_by=by,
        )


def remove_absence(absence: Absence, *, by: User, reason: str) -> None:
    """It no longer counts; it stays to be read."""
    with authorised_change(by, "schedule.plan", absence.site.study, absence.site, reason=reason):
        in_force = Absence.objects.in_force().filter(pk=absence.pk)
        in_force.update(removed_by=by, removed_at=timezone.now())
