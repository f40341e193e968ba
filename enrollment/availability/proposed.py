"""The days on which participants' periods could begin."""

from collections.abc import Mapping
from datetime import timedelta

from enrollment.availability.selectors import blocked_days, site_days
from enrollment.domain.proposals import Calendar, Candidate, candidates
from enrollment.domain.washout import WashoutWindow
from enrollment.models import Period
from enrollment.selectors import today_at
from trialsite.accounts.models import Site

# So long before the first possible day and after the last is looked at.
AROUND = timedelta(days=14)


def days_of(site: Site, windows: Mapping[Period, WashoutWindow]) -> dict[Period, list[Candidate]]:
    """Every day around the window of each period, judged, in as many reads for many as for one; the plans of these
    periods themselves take no place."""
    if not windows:
        return {}
    first = min(window.earliest_on for window in windows.values()) - AROUND
    last = max(window.latest_on + _reach(period) for period, window in windows.items()) + AROUND
    own = [period.pk for period in windows]
    days = site_days(site, first, last, besides=own)
    blocked, today = blocked_days([period.participant_id for period in windows]), today_at(site)
    return {
        period: candidates(
            window,
            Calendar(
                days,
                blocked.get(period.participant_id, ()),
                today,
                period.participant.protocol.definition.visits,
            ),
            around=AROUND,
        )
        for period, window in windows.items()
    }


def _reach(period: Period) -> timedelta:
    """How long after its day 0 a visit of the period can lie."""
    visits = period.participant.protocol.definition.visits
    return timedelta(days=max((visit.day + visit.after for visit in visits), default=0))
