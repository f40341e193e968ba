"""The crossover strip: the course of one participant as one horizontal picture.

Positions are percentages of the width, so one drawing serves a phone and a wall. Ticks keep a readable
distance whatever their dates are; dates between two ticks are placed in proportion. Treatment is no part
of the input and so can't appear.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import log2

from django.utils.translation import gettext as _

from enrollment.strip.marks import (
    Band,
    BandMark,
    Mark,
    Strip,
    StripInput,
    StripPeriod,
    StripVisit,
    StripWashout,
)
from enrollment.strip.text import mark_text, rows_of, sentence_of, short_day, washout_key, washout_text

__all__ = ["Strip", "StripInput", "StripPeriod", "StripVisit", "StripWashout", "build"]

LEFT, RIGHT = 5.2, 95.5
# The dosing has its date below it: it needs room on both sides.
SCREENING_GAP, WASHOUT_GAP, DOSING_GAP = 1.8, 5.8, 1.7
BAND_INSET = 2.2  # percent between a band and the ticks beside it
CHARACTER = 1.0  # percent that a character of a label takes at the smallest width


@dataclass(slots=True)
class Spot:
    """A mark before it is placed: how far it is from the one before, and its date where there is one."""

    kind: str
    gap: float
    on: date | None
    period: StripPeriod | None = None
    visit: StripVisit | None = None
    x: float = 0.0


def build(strip: StripInput) -> Strip:
    """Lay out the strip of one participant: any number of periods, with or without dates."""
    spots = list(_spots(strip))
    _place(spots)
    bands = tuple(_bands(strip, spots))
    today = _today(strip, spots, bands)
    return Strip(
        code=strip.participant_code,
        periods=len(strip.periods),
        marks=tuple(_mark(strip, spot) for spot in spots),
        bands=bands,
        start=_percent(LEFT),
        end=_percent(spots[-1].x),
        today=None if today is None else _percent(today),
        today_label=_("today"),
        title=_("%(code)s: course of the study") % {"code": strip.participant_code},
        sentence=sentence_of(strip),
        rows=rows_of(strip),
    )


def _spots(strip: StripInput) -> Iterator[Spot]:
    yield Spot("screening", 0, strip.screening_on)
    for index, period in enumerate(strip.periods):
        lead = SCREENING_GAP if index == 0 else WASHOUT_GAP
        before = None
        dosing_placed = after_dosing = False
        for visit in sorted(period.visits, key=lambda visit: visit.day):
            if visit.day > 0 and not dosing_placed:
                yield Spot("dosing", DOSING_GAP if before is not None else lead, period.day0, period)
                dosing_placed, before = True, 0
            gap = lead if before is None else _gap(visit.day - before)
            if dosing_placed and not after_dosing:
                gap, after_dosing = max(gap, DOSING_GAP), True
            yield Spot("visit", gap, visit.performed_on or visit.planned_on, period, visit)
            before = visit.day
        if not dosing_placed:
            yield Spot("dosing", DOSING_GAP if before is not None else lead, period.day0, period)


def _gap(days: int) -> float:
    """Longer for more days, but so that a day apart is still two ticks."""
    return 1 + 0.28 * log2(max(days, 1))


def _place(spots: list[Spot]) -> None:
    total = sum(spot.gap for spot in spots) or 1
    position = 0.0
    for spot in spots:
        position += spot.gap
        spot.x = LEFT + (RIGHT - LEFT) * position / total


def _mark(strip: StripInput, spot: Spot) -> Mark:
    """What one spot shows: its shape (`state`), its short label, and its text for pointer and ear."""
    state: str
    if spot.kind == "visit" and spot.visit:
        state, url, label = spot.visit.state, spot.visit.url, str(spot.visit.day)
    elif spot.kind == "dosing" and spot.period:
        state = "given" if spot.period.dosed_on else "planned" if spot.period.planned_on else "open"
        url, label = "", short_day(spot.on, strip.today) if spot.on else _("no date")
    else:
        state, url = strip.screening_state, ""
        label = short_day(spot.on, strip.today) if spot.on else ""
    return Mark(
        x=_percent(spot.x),
        kind=spot.kind,
        state=state,
        head=_head(strip, spot),
        label=label,
        # The year stands under the dosing; a tick says its own where it is another.
        date=short_day(spot.on, (spot.period and spot.period.day0) or strip.today) if spot.on else "",
        text=mark_text(strip, spot.period, spot.visit),
        url=url,
    )


def _head(strip: StripInput, spot: Spot) -> str:
    if spot.kind == "screening":
        return _("Screening")
    if spot.kind == "dosing" and spot.period:
        dosing = strip.dosing_label
        return f"{dosing} {spot.period.number}" if len(strip.periods) > 1 else dosing
    return ""


def _bands(strip: StripInput, spots: list[Spot]) -> Iterator[Band]:
    for before, after in pairwise(strip.periods):
        left = max(spot.x for spot in spots if spot.period is before) + BAND_INSET
        right = min(spot.x for spot in spots if spot.period is after) - BAND_INSET
        washout = next((w for w in strip.washouts if w.after_period == before.number), None)
        band = _band(before, after, washout, left, right, strip.today)
        yield replace(band, key=washout_key(strip, before, after, washout))


def _band(
    before: StripPeriod,
    after: StripPeriod,
    washout: StripWashout | None,
    left: float,
    right: float,
    today: date,
) -> Band:
    band = Band(
        x=_percent(left),
        width=_percent(right - left),
        head=_("Washout"),
        text=washout_text(washout),
        left=left,
        right=right,
    )
    if washout is None:
        return band
    starts = [on for on in (before.last_on, before.day0) if on] or [washout.earliest_on]
    begin = min(max(starts), washout.earliest_on)
    end = after.dosed_on or washout.latest_on

    def x(day: date) -> float:
        share = (day - begin).days / max((end - begin).days, 1)
        return left + (right - left) * min(max(share, 0), 1)

    possible = x(washout.earliest_on)
    width = x(min(washout.latest_on, end)) - possible if washout.earliest_on < end else 0
    return replace(
        band,
        possible_x=_percent(possible),
        possible_width=_percent(width),
        marks=tuple(_band_marks(washout, after, end, x, band, today)),
        begin=begin,
        end=end,
    )


def _band_marks(
    washout: StripWashout,
    after: StripPeriod,
    end: date,
    x: Callable[[date], float],
    band: Band,
    today: date,
) -> list[BandMark]:
    """The days of the rule up to `end`, and the planned one."""
    days = [
        ("earliest", washout.earliest_on, _("earliest")),
        ("target", washout.target_on, _("target")),
        ("latest", washout.latest_on, _("latest")),
    ]
    drawn = [(kind, x(on), word, short_day(on, today)) for kind, on, word in days if on <= end]
    marks = _labelled(drawn, band.left, band.right)
    if after.planned_on and not after.dosed_on:
        marks.append(BandMark(_percent(x(after.planned_on)), "planned", "", "", "middle"))
    return marks


def _labelled(drawn: list[tuple[str, float, str, str]], left: float, right: float) -> list[BandMark]:
    """Marks of a band, each with its date where there is room; the best day is served first."""
    marks: list[BandMark] = []
    taken: list[tuple[float, float]] = []
    for kind, at, word, label in sorted(drawn, key=lambda mark: mark[0] != "target"):
        width = len(label) * CHARACTER
        anchor = "start" if at - left < width / 2 else "end" if right - at < width / 2 else "middle"
        start = at - {"start": 0, "end": width, "middle": width / 2}[anchor]
        free = all(start > other_end or start + width < other for other, other_end in taken)
        if free:
            taken.append((start, start + width))
        marks.append(BandMark(_percent(at), kind, word, label if free else "", anchor))
    return marks


def _today(strip: StripInput, spots: list[Spot], bands: tuple[Band, ...]) -> float | None:
    """Where today is: in proportion between the dated spots around it; None when all of it is past."""
    anchors: list[tuple[date, float]] = []
    known = [(spot.on, spot.x) for spot in spots if spot.on]
    known += [(band.begin, band.left) for band in bands if band.begin]
    known += [(band.end, band.right) for band in bands if band.end]
    for on, x in sorted(known, key=lambda anchor: anchor[1]):
        if not anchors or on > anchors[-1][0]:
            anchors.append((on, x))
        elif on == anchors[-1][0]:
            anchors[-1] = (on, x)
    if not anchors:
        return None
    for (on, x), (later, further) in pairwise(anchors):
        if on <= strip.today <= later:
            return x + (further - x) * (strip.today - on).days / (later - on).days
    if strip.today < anchors[0][0]:
        return LEFT / 2
    last = anchors[-1][1]
    following = next((spot.x for spot in spots if spot.x > last), None)
    if following is not None:
        return (last + following) / 2
    return min(last + 2.2, 99.0) if spots[-1].visit and spots[-1].visit.performed_on is None else None


def _percent(x: float) -> str:
    """For an SVG attribute: a full stop in every language."""
    return f"{x:.2f}%"
