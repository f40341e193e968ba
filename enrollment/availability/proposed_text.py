"""Proposed days, as pages say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enrollment.availability.text import obstacle_text
from enrollment.domain.proposals import Candidate, Obstacle, VisitOnDay, what_gives


@dataclass(frozen=True, slots=True)
class ProposedDay:
    """`good` and `bad`: what speaks for it and against it."""

    day: date
    good: tuple[str, ...]
    bad: tuple[str, ...]


def proposed_day(candidate: Candidate) -> ProposedDay:
    good, bad = [], []
    if candidate.distance == 0:
        good.append(_("target day"))
    else:
        bad.append(distance_text(candidate.distance))
    if not candidate.visits:
        good.append(_("every visit falls on a working day"))
    bad += [visit_text(visit) for visit in candidate.visits]
    if candidate.others:
        bad.append(
            ngettext("%(n)d other is treated that day", "%(n)d others are treated that day", candidate.others)
            % {"n": candidate.others}
        )
    return ProposedDay(candidate.day, tuple(good), tuple(bad))


def distance_text(days: int) -> str:
    if days < 0:
        return ngettext("%(n)d day before the target", "%(n)d days before the target", -days) % {"n": -days}
    return ngettext("%(n)d day after the target", "%(n)d days after the target", days) % {"n": days}


def visit_text(visit: VisitOnDay) -> str:
    why = obstacle_text(visit.obstacle, visit.name)
    if visit.on is None:
        return _("%(visit)s has no possible day in its window (%(why)s)") % {"visit": visit.label, "why": why}
    values = {"visit": visit.label, "day": date_format(visit.on), "why": why}
    return _("%(visit)s on %(day)s instead (%(why)s)") % values


def nothing_possible(days: Sequence[Candidate]) -> str:
    """Which rule has to give, in one sentence."""
    ways = [
        _("%(day)s, were it not for this: %(why)s")
        % {"day": date_format(candidate.day), "why": obstacle_text(kind, _name(candidate, kind))}
        for kind, candidate in what_gives(days).items()
    ]
    if not ways:
        return _("No day is possible, and waiving a single rule would not make one possible.")
    return _("No day is possible. Nearest: %(ways)s.") % {"ways": "; ".join(ways)}


def _name(candidate: Candidate, kind: Obstacle) -> str:
    return next(name for found, name in candidate.obstacles if found == kind)
