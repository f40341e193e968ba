"""The washout rule after the fact: every change of a date holds the periods against it again."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from django.utils.translation import gettext as _

from enrollment.casebook.fields import DOSING
from enrollment.domain import washout
from enrollment.models import Participant, Period, Visit
from enrollment.schedule.gate import washout_kept
from enrollment.selectors import washouts_before
from trialsite.accounts.models import User
from trialsite.review.services import Finding, Place, note_findings, settle_findings_at

# Checks of the dates of dosing, each with a version that changes only together with its rule.
MINIMUM = ("WASHOUT-MINIMUM", "1")
MAXIMUM = ("WASHOUT-MAXIMUM", "1")
LAST_VISIT = ("WASHOUT-LAST-VISIT", "1")
CHECKS = frozenset(check for check, _version in (MINIMUM, MAXIMUM, LAST_VISIT))


def check_dates(participant: Participant, *, by: User, reason: str) -> None:
    """Hold every period against the washout before it, and file what no override covers: one query for each period,
    which closes when its dates no longer give cause."""
    periods = list(
        participant.periods.select_related("participant__study", "participant__site", "participant__protocol")
    )
    findings = [finding for _period, finding in _findings(periods)]
    note_findings(Place(participant, None, DOSING), findings, checks=CHECKS, by=by, reason=reason)


def check_washouts(participants: Collection[int], *, by: User) -> None:
    """The same of many participants (ids), as part of a change whose caller has authorised."""
    periods = Period.objects.filter(participant__in=participants).select_related(
        "participant__study", "participant__site", "participant__protocol"
    )
    findings: dict[Place, list[Finding]] = {}
    for period in periods:
        findings.setdefault(Place(period.participant, None, DOSING), [])
    for period, finding in _findings(periods):
        findings[Place(period.participant, None, DOSING)].append(finding)
    settle_findings_at(findings, checks=CHECKS, by=by)


def check_dates_after(visit: Visit, *, by: User, reason: str) -> None:
    """The same after a visit took place, was missed, or turned out otherwise: when a later period has a date."""
    if visit.period is None:
        return
    later = Period.objects.filter(participant=visit.participant_id, number__gt=visit.period.number)
    if later.exclude(planned_on=None, dosed_on=None).exists():
        check_dates(visit.participant, by=by, reason=reason)


def _findings(periods: Iterable[Period]) -> Iterator[tuple[Period, Finding]]:
    for period, window in washouts_before(periods).items():
        if period.day0 and not washout_kept(period, window, period.day0):
            check, text = _broken(period, window, period.day0)
            dosing = period.participant.protocol.definition.dosing_label
            values = {"dosing": f"{dosing} {period.number}", "before": period.number - 1}
            yield period, Finding(*check, str(period.number), text % values)


def _broken(period: Period, window: washout.WashoutWindow, day: date) -> tuple[tuple[str, str], str]:
    """Which rule is broken, and the question. It names no day: a query outlives the dates it was raised for."""
    if window.ends_on and day < window.ends_on:
        return LAST_VISIT, _(
            "%(dosing)s is before the last visit of period %(before)d. Check both dates. If they are"
            " correct, an investigator has to record the reason."
        )
    if day < window.earliest_on:
        return MINIMUM, _(
            "%(dosing)s is before the minimum washout. Check its date and those of period %(before)d. If"
            " they are correct, an investigator has to record the reason."
        )
    return MAXIMUM, _(
        "%(dosing)s is after the maximum washout. Check its date and those of period %(before)d. If they"
        " are correct, an investigator has to record the reason."
    )
