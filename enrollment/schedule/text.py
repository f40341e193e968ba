"""What pages say about the days of a participant's treatments and visits."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enrollment.domain import schedule, washout
from enrollment.models import Period, Visit
from enrollment.protocol.model import Protocol


def washout_sentence(period: Period, window: washout.WashoutWindow | None) -> str:
    """ "Infusion 2 is possible from 23 Mar 2026, target 11 Apr 2026, no later than 11 May 2026." and, while the days
    hang on a visit that is to come, from what they are counted."""
    if period.number == 1:
        return ""
    dosing = f"{period.participant.protocol.definition.dosing_label} {period.number}"
    if window is None:
        return _("The possible dates of %(dosing)s are not known yet: the previous period has no date.") % {
            "dosing": dosing
        }
    sentence = _("%(dosing)s is possible from %(earliest)s, target %(target)s, no later than %(latest)s.") % {
        "dosing": dosing,
        "earliest": date_format(window.earliest_on),
        "target": date_format(window.target_on),
        "latest": date_format(window.latest_on),
    }
    return sentence if window.anchor.certain else f"{sentence} {_from_the_plan(period, window)}"


def _from_the_plan(period: Period, window: washout.WashoutWindow) -> str:
    protocol = period.participant.protocol.definition
    counted_from = (
        f"{protocol.dosing_label} {period.number - 1}"
        if protocol.washout and protocol.washout.anchor == "dosing"
        else _("the last visit of period %(n)d") % {"n": period.number - 1}
    )
    return _("Based on the plan: %(from)s is planned for %(day)s; these dates move with it.") % {
        "from": counted_from,
        "day": date_format(window.anchor.on),
    }


def not_counted(protocol: Protocol, visit: Visit, period: Period | None, performed_on: date | None) -> str:
    """Why what was rated on this day does not count, in words; empty where it does."""
    if period is None or period.dosed_on is None:
        return ""
    after = visit.code in schedule.visits_after_dose(protocol.visits, protocol.endpoints.baseline_visit)
    side = schedule.wrong_side_of_dose(after, performed_on, period.dosed_on)
    if side is None:
        return ""
    sentence = (
        _("Not counted: dated before %(dosing)s of %(day)s.")
        if side == "before_dose"
        else _("Not counted: dated after %(dosing)s of %(day)s.")
    )
    dosing = f"{protocol.dosing_label} {period.number}"
    return sentence % {"dosing": dosing, "day": date_format(period.dosed_on)}


def deviation_of(period: Period, window: washout.WashoutWindow | None) -> str:
    """In which way the period's day breaks the washout rule, in words; empty when it does not."""
    if window is None or period.day0 is None or not (days := washout.days_outside(window, period.day0)):
        return ""
    if window.ends_on and period.day0 < window.ends_on:
        return _("Deviation: before the last visit of period %(n)d.") % {"n": period.number - 1}
    if days < 0:
        return ngettext(
            "Deviation: %(n)d day before the minimum washout.",
            "Deviation: %(n)d days before the minimum washout.",
            -days,
        ) % {"n": -days}
    return ngettext(
        "Deviation: %(n)d day after the maximum washout.",
        "Deviation: %(n)d days after the maximum washout.",
        days,
    ) % {"n": days}
