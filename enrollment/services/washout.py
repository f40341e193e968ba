"""The washout rule after the fact: every change of a date holds the periods against it again."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from enrollment.casebook import DOSING
from enrollment.domain import washout
from enrollment.gate import kept
from enrollment.models import Participant, Period, Visit
from enrollment.selectors import washouts_before
from trialsite.accounts.models import User
from trialsite.review.services import Finding, Place, note_findings

# Checks of the dates of dosing, each with a version that changes only together with its rule.
MINIMUM = ("WASHOUT-MINIMUM", "1")
MAXIMUM = ("WASHOUT-MAXIMUM", "1")
LAST_VISIT = ("WASHOUT-LAST-VISIT", "1")


def check_dates(participant: Participant, *, by: User, reason: str) -> None:
    """Hold every period against the washout before it, and file what no override covers: one query for each period,
    which closes when its dates no longer give cause."""
    periods = list(
        participant.periods.select_related("participant__study", "participant__site", "participant__protocol")
    )
    place = Place(participant, None, DOSING)
    note_findings(place, list(_findings(periods)), by=by, reason=reason)


def check_dates_after(visit: Visit, *, by: User, reason: str) -> None:
    """The same after a visit took place, was missed, or turned out otherwise: when a later period has a date."""
    if visit.period is None:
        return
    later = Period.objects.filter(participant=visit.participant_id, number__gt=visit.period.number)
    if later.exclude(planned_on=None, dosed_on=None).exists():
        check_dates(visit.participant, by=by, reason=reason)


def _findings(periods: list[Period]) -> Iterator[Finding]:
    for period, window in washouts_before(periods).items():
        if period.day0 and not kept(period, window, period.day0):
            check, text = _broken(period, window, period.day0)
            dosing = period.participant.protocol.rules.dosing_label
            words = {"dosing": f"{dosing} {period.number}", "before": period.number - 1}
            yield Finding(*check, str(period.number), text % words)


def _broken(period: Period, window: washout.WashoutWindow, day: date) -> tuple[tuple[str, str], str]:
    """Which rule is broken, and the question. It names no day: a query outlives the dates it was raised for."""
    if window.ends_on and day < window.ends_on:
        return LAST_VISIT, _(
            "%(dosing)s lies before the last visit of period %(before)d. Check both dates. If they are right, an"
            " investigator records why."
        )
    if day < window.earliest_on:
        return MINIMUM, _(
            "%(dosing)s lies before the washout minimum. Check its date and those of period %(before)d. If they are"
            " right, an investigator records why."
        )
    return MAXIMUM, _(
        "%(dosing)s lies after the longest washout. Check its date and those of period %(before)d. If they are"
        " right, an investigator records why."
    )
