"""The crossover strip in words: the text of each tick, one sentence, and the rows of its table."""

from datetime import date

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enrollment.strip.marks import StripInput, StripPeriod, StripRow, StripVisit, StripWashout

STATES = {
    "planned": gettext_lazy("planned, not done"),
    "due": gettext_lazy("due"),
    "overdue": gettext_lazy("overdue"),
    "done": gettext_lazy("done"),
    "done_out_of_window": gettext_lazy("done out of window"),
    "missed": gettext_lazy("missed"),
    "signed": gettext_lazy("done and signed"),
}


def short_day(on: date, today: date) -> str:
    """ "9 Mar" this year; any other year is said."""
    return date_text(on, "j M") if on.year == today.year else long_day(on)


def long_day(on: date) -> str:
    return date_text(on, "j M Y")


def window_text(visit: StripVisit) -> str:
    """ "11–13 Mar 2026"; empty without dates."""
    if not (visit.earliest_on and visit.latest_on):
        return ""
    return days_text(visit.earliest_on, visit.latest_on)


def days_text(start: date, end: date) -> str:
    """ "11–13 Mar 2026", as short as both dates allow."""
    if start == end:
        return long_day(end)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{long_day(end)}"
    return f"{short_day(start, end)} – {long_day(end)}"


def mark_text(strip: StripInput, period: StripPeriod | None, visit: StripVisit | None) -> str:
    """What a tick says: "Day 3, window 11–13 Mar 2026, overdue"."""
    if visit:
        parts = [visit.label]
        if window := window_text(visit):
            parts.append(_("window %(window)s") % {"window": window})
        if visit.performed_on:
            parts.append(_("done %(day)s") % {"day": long_day(visit.performed_on)})
        if visit.state != "done" or not visit.performed_on:
            parts.append(str(STATES[visit.state]))
        return ", ".join(parts)
    if period:
        return _dosing_text(strip, period)
    when = long_day(strip.screening_on) if strip.screening_on else _("no date")
    return _("Screening, %(day)s, %(state)s") % {"day": when, "state": STATES[strip.screening_state]}


def _dosing_text(strip: StripInput, period: StripPeriod) -> str:
    name = f"{strip.dosing_label} {period.number}"
    if period.dosed_on:
        return _("%(name)s, given %(day)s") % {"name": name, "day": long_day(period.dosed_on)}
    if period.planned_on:
        return _("%(name)s, planned for %(day)s, not given") % {
            "name": name,
            "day": long_day(period.planned_on),
        }
    return _("%(name)s, not planned yet") % {"name": name}


def sentence_of(strip: StripInput) -> str:
    """The whole strip as text, for those who do not see it."""
    parts = [mark_text(strip, None, None) + "."]
    for period in strip.periods:
        parts.append(_dosing_text(strip, period) + "; " + _counts(period) + ".")
        washout = next((w for w in strip.washouts if w.after_period == period.number), None)
        if washout and not _followed_by_dosing(strip, period):
            parts.append(washout_text(washout) + ".")
    return " ".join(parts)


def washout_text(washout: StripWashout | None) -> str:
    """What the band says: its three days, and that they are from the plan where they are."""
    if washout is None:
        return _("Washout: not known yet")
    sentence = _("Washout: next possible from %(earliest)s, target %(target)s, no later than %(latest)s") % {
        "earliest": long_day(washout.earliest_on),
        "target": long_day(washout.target_on),
        "latest": long_day(washout.latest_on),
    }
    return sentence if washout.certain else sentence + _(" (from the plan)")


def washout_key(
    strip: StripInput, before: StripPeriod, after: StripPeriod, washout: StripWashout | None
) -> tuple[tuple[str, str], ...]:
    """What the parts of the bar mean: (kind, text). Of a period that was given, what the protocol allowed."""
    dosing = f"{strip.dosing_label} {after.number}"
    if washout is None:
        return (
            ("band", _("washout: its days follow from the dates of period %(n)d") % {"n": before.number}),
        )
    days = {
        "dosing": dosing,
        "first": long_day(washout.earliest_on),
        "last": long_day(washout.latest_on),
    }
    possible = (
        _("%(dosing)s was possible from %(first)s to %(last)s")
        if after.dosed_on
        else _("%(dosing)s possible from %(first)s to %(last)s")
    )
    key = [
        ("band", _("washout, too early for %(dosing)s") % days),
        ("band-possible", possible % days),
        ("band-target", _("target %(day)s") % {"day": long_day(washout.target_on)}),
    ]
    if after.planned_on and not after.dosed_on:
        key.append(("band-planned", _("planned for %(day)s") % {"day": long_day(after.planned_on)}))
    return tuple(key)


def _followed_by_dosing(strip: StripInput, period: StripPeriod) -> bool:
    return any(later.dosed_on for later in strip.periods if later.number > period.number)


def _counts(period: StripPeriod) -> str:
    """ "3 of 6 visits done, 1 overdue"."""
    done = sum(visit.state in {"done", "done_out_of_window", "signed"} for visit in period.visits)
    sentence = ngettext(
        "%(done)d of %(n)d visit done", "%(done)d of %(n)d visits done", len(period.visits)
    ) % {
        "done": done,
        "n": len(period.visits),
    }
    for state in ("overdue", "due", "missed"):
        if count := sum(visit.state == state for visit in period.visits):
            sentence += f", {count} {STATES[state]}"
    return sentence


def rows_of(strip: StripInput) -> tuple[StripRow, ...]:
    """The strip as a table: one row for each dosing and each visit, in order."""
    rows: list[StripRow] = []
    for period in strip.periods:
        state = "done" if period.dosed_on else "planned"
        dosing = StripRow(
            what=f"{strip.dosing_label} {period.number}",
            planned=long_day(period.planned_on) if period.planned_on else _("no date yet"),
            window="",
            performed=long_day(period.dosed_on) if period.dosed_on else _("not done"),
            state=state,
            state_text=str(STATES[state]),
            url="",
        )
        visits = sorted(period.visits, key=lambda visit: visit.day)
        rows += [_row(period, visit) for visit in visits if visit.day <= 0]
        rows.append(dosing)
        rows += [_row(period, visit) for visit in visits if visit.day > 0]
    return tuple(rows)


def _row(period: StripPeriod, visit: StripVisit) -> StripRow:
    return StripRow(
        what=_("Period %(number)d, %(visit)s") % {"number": period.number, "visit": visit.label},
        planned=long_day(visit.planned_on) if visit.planned_on else _("no date yet"),
        window=window_text(visit),
        performed=long_day(visit.performed_on) if visit.performed_on else _("not done"),
        state=visit.state,
        state_text=str(STATES[visit.state]),
        url=visit.url,
    )
