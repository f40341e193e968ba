"""The questions about dates in words. They name the rule; figures are told as they are when somebody reads them, for a
query outlives the dates it was raised for."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessments.domain.timing import AFTER_DOSE, BEFORE_DOSE, OUT_OF_WINDOW, Timing
from assessments.timing.selectors import timing_of
from enrollment.models import Participant, Period, ProtocolVersion, Visit

AT_RATING = {
    BEFORE_DOSE: gettext_lazy(
        "The rating is dated before %(dosing)s, though its visit follows it: it is not counted. Are both dates right?"
    ),
    AFTER_DOSE: gettext_lazy(
        "The rating is dated after %(dosing)s, though its visit precedes it: it is not counted. Are both dates right?"
    ),
    OUT_OF_WINDOW: gettext_lazy("The date of the rating lies outside the visit's window. Is it right?"),
}
AT_DOSE = {
    BEFORE_DOSE: gettext_lazy(
        "Ratings of visits after %(dosing)s are dated before it: they are not counted. Is its date right? If so, check"
        " theirs."
    ),
    AFTER_DOSE: gettext_lazy(
        "Ratings of visits before %(dosing)s are dated after it: they are not counted. Is its date right? If so, check"
        " theirs."
    ),
    OUT_OF_WINDOW: gettext_lazy(
        "By the date of %(dosing)s, ratings lie outside their visits' windows. Is it right?"
    ),
}


def dosing_name(participant: Participant, period: Period) -> str:
    """ "Infusion 2"."""
    protocol = ProtocolVersion.objects.cached(participant.protocol_id).definition
    return f"{protocol.dosing_label} {period.number}"


def question(check: str, dosing: str, *, at_dose: bool) -> str:
    """`dosing`: what the dose of the period is called."""
    return str((AT_DOSE if at_dose else AT_RATING)[check]) % {"dosing": dosing}


def question_before_saving(visit: Visit, performed_on: date | None) -> str:
    """What is asked before a rating of this date is saved at `visit`; empty where its date is in order."""
    text = date_text(visit, performed_on, timing_of(visit, performed_on))
    return _("%(said)s: is the date correct?") % {"said": text} if text else ""


def date_text(visit: Visit, performed_on: date | None, timing: Timing) -> str:
    """How a date stands that is not in order: "26 Mar 2026 is before Infusion 1 of 28 Mar 2026 and would not count"."""
    if performed_on is None or visit.period is None:
        return ""
    if timing.side and visit.period.dosed_on:
        text = (
            _("%(on)s is before %(dosing)s of %(day)s, and does not count")
            if timing.side == "before_dose"
            else _("%(on)s is after %(dosing)s of %(day)s, and does not count")
        )
        day = date_format(visit.period.dosed_on)
        return text % {
            "on": date_format(performed_on),
            "dosing": dosing_name(visit.participant, visit.period),
            "day": day,
        }
    if timing.outside and visit.earliest_on and visit.latest_on:
        return _outside(timing.outside) % {
            "days": abs(timing.outside),
            "first": date_format(visit.earliest_on),
            "last": date_format(visit.latest_on),
            "on": date_format(performed_on),
        }
    return ""


def _outside(days: int) -> str:
    if days < 0:
        return ngettext(
            "%(on)s is %(days)d day before the window (%(first)s – %(last)s)",
            "%(on)s is %(days)d days before the window (%(first)s – %(last)s)",
            -days,
        )
    return ngettext(
        "%(on)s is %(days)d day after the window (%(first)s – %(last)s)",
        "%(on)s is %(days)d days after the window (%(first)s – %(last)s)",
        days,
    )
