"""The only writers of safety alerts: raised with the ratings, acknowledged by somebody who did something."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.instrument import Instrument
from assessments.domain.safety import alerts_in_time
from assessments.models import Assessment
from assessments.safety.models import SafetyAlert
from trialsite.accounts.acting import act
from trialsite.accounts.models import User

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating as far as alerts look at it: `value` of the watched item, and when it was."""

    pk: int
    participant: int
    site: int
    value: int
    on: date | None
    at: time | None
    period: int | None
    day: int | None

    def moment(self) -> tuple[date, int, int, time]:
        return (self.on or date.min, self.period or 0, self.day or 0, self.at or time.min)


def raise_alerts(ratings: QuerySet[Assessment], instrument: Instrument) -> int:
    """Raise what is missing among the alerts of `ratings`: whole courses of `instrument`, each participant's ratings
    all of them. Returns how many were raised.

    Part of saving a rating and of an import: the caller has authorised, and its transaction and actor hold here too.
    A rating saved late or re-dated can make the next one a rise, so that the whole course is looked at. An alert
    once raised for a value is not raised again.
    """
    if instrument.alert is None:
        return 0
    found = [alert for course in _courses(ratings, instrument) for alert in _alerts_of(course, instrument)]
    raised = _raised(ratings, instrument.alert.item) if found else {}
    still_open = {rating for (rating, _value), acknowledged_at in raised.items() if acknowledged_at is None}
    new = [
        alert
        for alert in found
        if alert.rating_id not in still_open and (alert.rating_id, alert.value) not in raised
    ]
    # Whoever else looks at the same course at the same time raises the same alerts.
    SafetyAlert.objects.bulk_create(new, batch_size=CHUNK, ignore_conflicts=True)
    return len(new)


def acknowledge(alert: SafetyAlert, *, by: User, action: str) -> SafetyAlert:
    """Close an alert with what was done about it. Raises ValidationError without that, or when it was done before."""
    action = action.strip()
    if not action:
        raise ValidationError({"action": _("Say what was done for the participant's safety.")})
    participant = alert.participant
    with act(by, "safety.acknowledge", participant.study, participant.site, reason=action):
        saved = (
            SafetyAlert.objects.select_for_update(of=("self",))
            .select_related("acknowledged_by")
            .get(pk=alert.pk)
        )
        if saved.acknowledged_by:
            raise ValidationError(
                _("%(name)s has acknowledged this already: %(action)s")
                % {"name": saved.acknowledged_by.printed_name, "action": saved.action}
            )
        saved.action, saved.acknowledged_by, saved.acknowledged_at = action, by, timezone.now()
        saved.save(force_update=True)
    return saved


def _raised(ratings: QuerySet[Assessment], item: str) -> dict[tuple[int, int], datetime | None]:
    """(rating, value) of each alert there is → when it was acknowledged."""
    rows = SafetyAlert.objects.filter(rating__in=ratings.values("pk"), item=item).values_list(
        "rating", "value", "acknowledged_at"
    )
    return {(rating, value): acknowledged_at for rating, value, acknowledged_at in rows}


def _courses(ratings: QuerySet[Assessment], instrument: Instrument) -> Iterator[list[Rated]]:
    """Each participant's ratings whose watched item was assessed, in the order of time; without dates in that of the
    schedule."""
    if instrument.alert is None:
        return
    rows = (
        ratings.filter(instrument=instrument.code, items__has_key=instrument.alert.item)
        .annotate(value=KeyTransform(instrument.alert.item, "items"))
        .order_by("participant")
        .values_list(
            "pk",
            "participant",
            "participant__site",
            "value",
            "performed_on",
            "performed_time",
            "visit__period__number",
            "visit__day",
        )
    )
    rated = (Rated(*row) for row in rows.iterator(CHUNK))
    for _participant, course in groupby(rated, attrgetter("participant")):
        yield sorted(course, key=Rated.moment)


def _alerts_of(course: list[Rated], instrument: Instrument) -> Iterator[SafetyAlert]:
    if instrument.alert is None:
        return
    values = [{instrument.alert.item: rated.value} for rated in course]
    for rated, alert in zip(course, alerts_in_time(instrument, values), strict=True):
        if alert:
            yield SafetyAlert(
                participant_id=rated.participant,
                site_id=rated.site,
                rating_id=rated.pk,
                item=alert.item,
                value=alert.value,
                previous=alert.previous,
                trigger=alert.trigger,
            )
