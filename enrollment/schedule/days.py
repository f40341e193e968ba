"""The days around a washout window, each with why it is or is not possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.availability.text import obstacle_text
from enrollment.domain import washout
from enrollment.domain.proposals import Candidate
from enrollment.models import Period

WHY = {
    "too_early": gettext_lazy("Minimum washout not completed"),
    "possible": gettext_lazy("Possible"),
    "target": gettext_lazy("Target day"),
    "late": gettext_lazy("After the maximum washout"),
}


@dataclass(frozen=True, slots=True)
class WashoutDay:
    """A day as the rule judges it, or `closed` where the rule allows it and the site or the participant does not; why, and
    whether the period is planned for it."""

    day: date
    verdict: str
    why: str
    planned: bool


def possible_days(
    period: Period, window: washout.WashoutWindow, judged: Sequence[Candidate]
) -> list[list[WashoutDay]]:
    """Weeks (Monday first) around the washout window: each day with why it is or is not possible. `judged`: those days and
    more, as the site works and the participant can come."""
    start = window.earliest_on - timedelta(days=7 + window.earliest_on.weekday())
    end = window.latest_on + timedelta(days=7)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    days += [days[-1] + timedelta(days=n) for n in range(1, 7 - days[-1].weekday())]
    candidates = {candidate.day: candidate for candidate in judged}
    cells = [_cell(period, window, day, candidates.get(day)) for day in days]
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _cell(
    period: Period, window: washout.WashoutWindow, day: date, candidate: Candidate | None
) -> WashoutDay:
    verdict, why, planned = washout.judge(window, day), _why(period, window, day), day == period.planned_on
    if verdict in {"possible", "target"} and candidate and candidate.obstacles:
        kind, name = candidate.obstacles[0]
        words = obstacle_text(kind, name)
        return WashoutDay(day, "closed", words[:1].upper() + words[1:], planned)
    return WashoutDay(day, verdict, why, planned)


def _why(period: Period, window: washout.WashoutWindow, day: date) -> str:
    if window.ends_on and day < window.ends_on:
        return _("Period %(n)d not completed") % {"n": period.number - 1}
    return str(WHY[washout.judge(window, day)])
