"""Who waits for a period at a site, and the days on which it could begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from enrollment.availability.proposed import days_of
from enrollment.availability.selectors import site_days
from enrollment.domain.proposals import Candidate
from enrollment.domain.washout import WashoutWindow
from enrollment.models import Participant, Period
from enrollment.proposals.assignment import assign
from enrollment.selectors import periods_at, washouts_before
from trialsite.accounts.models import Site


@dataclass(frozen=True, slots=True)
class Waiting:
    """A period that has a washout window and no date yet. `days`: every day around its window, judged; `proposed`: the
    one that the assignment gives it, None where nothing is possible."""

    period: Period
    window: WashoutWindow
    days: tuple[Candidate, ...]
    proposed: Candidate | None


def waiting_at(site: Site) -> list[Waiting]:
    """Everybody at the site who had a dosing, waits for the next and has no date for it; with the dates that are best for
    all of them together. Who has to be treated first comes first."""
    sites = Site.objects.filter(pk=site.pk)
    undated = periods_at(sites).filter(
        number__gt=1, planned_on=None, dosed_on=None, participant__status=Participant.Status.RANDOMISED
    )
    before = Period.objects.filter(
        participant=OuterRef("participant"), number=OuterRef("number") - 1, dosed_on__isnull=False
    )
    windows = washouts_before(undated.filter(Exists(before)))
    days = days_of(site, windows)
    proposed = _assigned(site, days)
    waiting = [
        Waiting(period, window, tuple(days[period]), proposed.get(period))
        for period, window in windows.items()
    ]
    return sorted(waiting, key=lambda row: (row.window.latest_on, row.period.participant.code))


def _assigned(site: Site, days: Mapping[Period, Sequence[Candidate]]) -> dict[Period, Candidate]:
    every = [day.day for each in days.values() for day in each]
    return assign(days, site_days(site, min(every), max(every)).free) if every else {}
