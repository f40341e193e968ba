"""The only writers of safety alerts: raised with the ratings, acknowledged by somebody who did something."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.evaluate import RaisedAlert
from assessments.domain.form import Form
from assessments.domain.instrument import Instrument
from assessments.domain.safety import alerts_in_time
from assessments.domain.value_text import read_text
from assessments.domain.values import to_json
from assessments.language import COMMON
from assessments.models import Record
from assessments.models.safety import SafetyAlert
from assessments.safety.mail import send
from assessments.safety.selectors import alerts_to_tell, due_at
from trialsite.accounts.context import audit_context, authorised_change
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.visible import is_visible

CHUNK = 500
COURSES = """
    select a.id, a.participant_id, t.site_id, (a.items ->> %s)::int, a.performed_on, a.performed_time, p.number, v.day
    from assessments_assessment a
    join enrollment_participant t on t.id = a.participant_id
    join enrollment_visit v on v.id = a.visit_id
    left join enrollment_period p on p.id = v.period_id
    where a.participant_id = any(%s) and a.instrument = %s and a.items ? %s
    order by a.participant_id
"""


@dataclass(frozen=True, slots=True)
class WatchedRating:
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


def raise_alerts(participants: Collection[int], instrument: Instrument) -> int:
    """Raise what is missing among the alerts of `participants` (ids) by `instrument`. Returns how many were raised.

    Part of saving a rating and of an import: the caller has authorised, and its transaction and actor hold here too.
    A rating saved late or re-dated can make the next one a rise, so that the whole course is looked at. An alert
    once raised for a value is not raised again.
    """
    if instrument.alert is None:
        return 0
    ids = sorted(participants)
    return sum(
        _raise_alerts(ids[first : first + CHUNK], instrument, instrument.alert.item)
        for first in range(0, len(ids), CHUNK)
    )


def _raise_alerts(participants: list[int], instrument: Instrument, item: str) -> int:
    """Of so many that their ratings fit in memory, in one read, and another where there is cause."""
    courses = _courses(participants, instrument, item)
    alerts = [alert for course in courses for alert in _alerts_of(course, instrument)]
    raised = _raised([alert.rating_id for alert in alerts], item) if alerts else {}
    still_open = {rating for (rating, _value), acknowledged_at in raised.items() if acknowledged_at is None}
    new = [
        alert
        for alert in alerts
        if alert.rating_id not in still_open and (alert.rating_id, alert.value) not in raised
    ]
    return _save(new)


def raise_record_alerts(record: Record, form: Form, raised: Sequence[RaisedAlert]) -> int:
    """Raise what is missing among the alerts of a record, as saving it found them. Returns how many were raised.

    Part of saving a record, from a page or a file: the caller has authorised, and its transaction and actor hold here too.
    One that is open is not raised again when its values change, nor is one that was acknowledged for these values.
    """
    if not raised:
        return 0
    before = SafetyAlert.objects.filter(record=record).values_list("rule", "values", "acknowledged_at")
    still_open = {rule for rule, _values, acknowledged_at in before if acknowledged_at is None}
    known = [(rule, values) for rule, values, _acknowledged_at in before]
    new = [
        _alert_of_record(record, form, alert)
        for alert in raised
        if alert.alert.id not in still_open and (alert.alert.id, _kept(alert)) not in known
    ]
    return _save(new)


def _save(new: Sequence[SafetyAlert]) -> int:
    """Those who act are owed a mail of each, in the same transaction."""
    if not new:
        return 0
    now = timezone.now()
    for alert in new:
        alert.raised_at = now
    # Whoever else looks at the same course at the same time raises the same alerts.
    SafetyAlert.objects.bulk_create(new, batch_size=CHUNK, ignore_conflicts=True)
    saved = SafetyAlert.objects.open().filter(raised_at=now, site__in={alert.site_id for alert in new})
    enqueue(Outbox.Kind.ALERT, saved.values_list("pk", flat=True))
    return len(new)


def escalate() -> int:
    """Mark the alerts that have waited for longer than their protocol allows, and owe a mail of each, once. Returns how
    many; what is marked stands on the pages without it."""
    system, now = User.objects.system(), timezone.now()
    with transaction.atomic():
        waiting = (
            SafetyAlert.objects.open()
            .filter(escalated_at=None)
            .select_related("participant")
            .select_for_update(of=("self",), skip_locked=True)
        )
        late = [alert for alert in waiting if now >= due_at(alert)]
        for alert in late:
            with audit_context(system, role="system", reason=_("not acknowledged in time")):
                alert.escalated_at = now
                alert.save(update_fields=["escalated_at"])
        if late:
            enqueue(Outbox.Kind.ESCALATION, [alert.pk for alert in late])
    return len(late)


def send_alert_mail(alerts: Sequence[int]) -> None:
    """Tell those who act, unless one of them has acted by now."""
    for alert in alerts_to_tell(alerts):
        send(alert, escalated=False)


def send_escalation_mail(alerts: Sequence[int]) -> None:
    """Tell them once more, and the monitors of the site."""
    for alert in alerts_to_tell(alerts):
        send(alert, escalated=True)


def _kept(raised: RaisedAlert) -> dict[str, object]:
    return {code: to_json(value) for code, value in raised.values.items()}


def _alert_of_record(record: Record, form: Form, raised: RaisedAlert) -> SafetyAlert:
    values = "; ".join(
        f"{form.by_code[code].label.text(COMMON)}: {read_text(form, form.by_code[code], value, COMMON)}"
        for code, value in raised.values.items()
    )
    name = form.title.text(COMMON) + (f" {record.repeat_key}" if record.repeat_key else "")
    message = f"{name}: {raised.alert.text.text(COMMON).rstrip('.')}"
    return SafetyAlert(
        participant=record.participant,
        site_id=record.participant.site_id,
        record=record,
        trigger=SafetyAlert.Trigger.RULE,
        rule=raised.alert.id,
        values=_kept(raised),
        text=f"{message} ({values})" if values else message,
    )


def acknowledge(alert: SafetyAlert, *, by: User, action: str) -> SafetyAlert:
    """Close an alert with what was done about it. Raises ValidationError without that, or when it was done before."""
    action = action.strip()
    if not is_visible(action):
        raise ValidationError({"action": _("State what was done for the participant's safety.")})
    participant = alert.participant
    with authorised_change(by, "safety.acknowledge", participant.study, participant.site, reason=action):
        saved = (
            SafetyAlert.objects.select_for_update(of=("self",))
            .select_related("acknowledged_by")
            .get(pk=alert.pk)
        )
        if saved.acknowledged_by:
            raise ValidationError(
                _("%(name)s has already acknowledged this: %(action)s")
                % {"name": saved.acknowledged_by.printed_name, "action": saved.action}
            )
        saved.action, saved.acknowledged_by, saved.acknowledged_at = action, by, timezone.now()
        saved.save(force_update=True)
    return saved


def _raised(ratings: Sequence[int | None], item: str) -> dict[tuple[int | None, int | None], datetime | None]:
    """(rating, value) of each alert there is of `ratings` (ids) → when it was acknowledged."""
    rows = SafetyAlert.objects.filter(rating__in=ratings, item=item).values_list(
        "rating", "value", "acknowledged_at"
    )
    return {(rating, value): acknowledged_at for rating, value, acknowledged_at in rows}


def _courses(participants: list[int], instrument: Instrument, item: str) -> Iterator[list[WatchedRating]]:
    """Each participant's ratings whose watched item was assessed, in the order of time; without dates in that of the
    schedule."""
    with connection.cursor() as cursor:
        cursor.execute(COURSES, [item, participants, instrument.code, item])
        rated = [WatchedRating(*row) for row in cursor.fetchall()]
    for _participant, course in groupby(rated, attrgetter("participant")):
        yield sorted(course, key=WatchedRating.moment)


def _alerts_of(course: list[WatchedRating], instrument: Instrument) -> Iterator[SafetyAlert]:
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
