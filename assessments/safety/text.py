"""A safety alert in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from assessments.safety.models import SafetyAlert
from assessments.selectors import instrument_of
from enrollment.models import ProtocolVersion


@dataclass(frozen=True, slots=True)
class AlertText:
    """`item`: "HAM-D, 17 items, item 3 (Suicide)"; `happened`: "is rated 4"; `now`: what the rating says by now, empty
    when that is still so."""

    item: str
    visit: str
    happened: str
    now: str


def text_of(alert: SafetyAlert) -> AlertText:
    rating, visit = alert.rating, alert.rating.visit
    protocol = ProtocolVersion.objects.known(alert.participant.protocol_id).rules
    instrument = instrument_of(protocol, rating.instrument)
    item = instrument.by_code[alert.item]
    value = rating.items.get(alert.item)
    if alert.trigger == SafetyAlert.Trigger.RISE:
        happened = _("rose from %(previous)d to %(value)d") % {
            "previous": alert.previous,
            "value": alert.value,
        }
    else:
        happened = _("is rated %(value)d") % {"value": alert.value}
    return AlertText(
        item=_("%(instrument)s, item %(number)s (%(name)s)")
        % {"instrument": instrument.name, "number": item.number, "name": item.name},
        visit=_("period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label}
        if visit.period
        else visit.label,
        happened=happened,
        now="" if value == alert.value else _("not rated") if value is None else str(value),
    )
