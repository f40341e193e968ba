"""A safety alert in words."""

from dataclasses import dataclass, replace
from datetime import date

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.models import Assessment, Record
from assessments.models.safety import SafetyAlert
from assessments.safety.selectors import due_at
from assessments.selectors import instrument_of
from enrollment.models import ProtocolVersion, Visit


@dataclass(frozen=True, slots=True)
class AlertText:
    """`what`: "HAM-D, 17 items, item 3 (Suicide) is rated 4"; `changed`: what has become of it since, empty when that is
    still so. `visit`: empty where it is of none; `by`: the rater, where one is named. `url`: of what raised it.
    `late`: that it waits for longer than the protocol allows, empty while it may."""

    what: str
    visit: str
    on: date | None
    changed: str
    url: str
    by: str = ""
    late: str = ""


def text_of(alert: SafetyAlert) -> AlertText:
    """By the rating, or the record, that raised it."""
    if alert.record:
        text = _of_record(alert, alert.record)
    elif alert.rating:
        text = _of_rating(alert, alert.rating)
    else:
        raise ValueError(f"{alert} is of nothing")
    return replace(text, late=_late(alert))


def _late(alert: SafetyAlert) -> str:
    due = due_at(alert)
    if alert.acknowledged_at or timezone.now() < due:
        return ""
    minutes = round((due - alert.raised_at).total_seconds() / 60)
    return _("Nobody has acknowledged it in the %(n)d minutes that the protocol allows.") % {"n": minutes}


def _of_record(alert: SafetyAlert, record: Record) -> AlertText:
    changed = ""
    if record.status == Record.Status.STRUCK_OUT:
        changed = _("The row has since been struck out.")
    elif any(record.items.get(code) != value for code, value in alert.values.items()):
        changed = _("The record has since been corrected.")
    return AlertText(
        what=alert.text,
        visit=_visit(record.visit) if record.visit else "",
        on=record.performed_on,
        changed=changed,
        url=reverse("record", args=[record.pk]),
    )


def _of_rating(alert: SafetyAlert, rating: Assessment) -> AlertText:
    protocol = ProtocolVersion.objects.cached(alert.participant.protocol_id).definition
    instrument = instrument_of(protocol, rating.instrument)
    item = instrument.by_code[alert.item]
    values = {
        "instrument": instrument.name,
        "number": item.number,
        "name": item.name,
        "value": alert.value,
        "previous": alert.previous,
    }
    if alert.trigger == SafetyAlert.Trigger.RISE:
        what = _("%(instrument)s, item %(number)s (%(name)s) rose from %(previous)d to %(value)d") % values
    else:
        what = _("%(instrument)s, item %(number)s (%(name)s) is rated %(value)d") % values
    value = rating.items.get(alert.item)
    changed = ""
    if value != alert.value:
        now = _("not rated") if value is None else str(value)
        changed = _("The rating has since been corrected: %(now)s.") % {"now": now}
    return AlertText(
        what=what,
        visit=_visit(rating.visit),
        on=rating.performed_on,
        changed=changed,
        url=reverse("visit", args=[rating.visit_id]),
        by=rating.rater,
    )


def _visit(visit: Visit) -> str:
    if visit.period:
        return _("period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label}
    return visit.label
