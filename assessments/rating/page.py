"""The page of a rating's form: the grid, what is wrong with it, and two people's values side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.domain.instrument import UNEXPLAINED, Instrument
from assessments.models import Assessment, Draft, SecondRating
from assessments.rating.codec import AssessmentText, item_field, missing_field, text_of
from assessments.rating.forms import RatingForm
from assessments.rating.presenters import LABELS, history_of
from assessments.rating.rows import RatingItemRow, item_rows
from enrollment.models import Visit


@dataclass(frozen=True, slots=True)
class RatingErrorLine:
    """A line of the summary on top; `anchor`: where the field is on the page, empty for the form as a whole."""

    anchor: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class RatingConflictRow:
    """A field whose value differs; `mine`, `theirs` as they would be typed, and in words."""

    field: str
    label: str
    mine: str
    theirs: str
    mine_label: str
    theirs_label: str


@dataclass(frozen=True, slots=True)
class AssessmentConflict:
    """`by`: who saved last."""

    by: str
    rows: list[RatingConflictRow]


@dataclass(frozen=True, slots=True)
class RatingPage:
    """The form of a rating. `errors`: by field, an item's by its code; `question`: asked before the date is saved;
    `second`: the interview is rated a second time;
    `only_open`: nothing is wrong but items that are neither rated nor explained.

    Never an earlier visit's score: raters must not see them while rating."""

    visit: Visit
    instrument: Instrument
    text: AssessmentText
    rows: list[RatingItemRow]
    errors: Mapping[str, str]
    error_lines: list[RatingErrorLine]
    only_open: bool
    saved: Assessment | SecondRating | None
    draft: Draft | None
    token: str
    question: str
    conflict: AssessmentConflict | None
    second: bool = False

    @property
    def url(self) -> str:
        """Where the form is sent."""
        name = "second_rating" if self.second else "rating"
        return reverse(name, args=[self.visit.pk, self.instrument.code])

    @property
    def title(self) -> str:
        if self.visit.period is None:
            return self.visit.label
        return _("Period %(n)d, %(visit)s") % {"n": self.visit.period.number, "visit": self.visit.label}

    @property
    def window(self) -> str:
        if not (self.visit.earliest_on and self.visit.latest_on):
            return ""
        return _("Window %(from)s – %(to)s") % {
            "from": date_format(self.visit.earliest_on),
            "to": date_format(self.visit.latest_on),
        }

    @property
    def rated(self) -> int:
        """How many rows have a value."""
        return sum(row.rated for row in self.rows)


def rating_page(
    visit: Visit,
    instrument: Instrument,
    text: AssessmentText,
    *,
    saved: Assessment | SecondRating | None,
    token: str,
    draft: Draft | None = None,
    form: RatingForm | None = None,
    question: str = "",
    conflict: AssessmentConflict | None = None,
    second: bool = False,
) -> RatingPage:
    """`form`: as it was sent, with its errors."""
    errors = {name: " ".join(map(str, messages)) for name, messages in form.errors.items()} if form else {}
    return RatingPage(
        visit=visit,
        instrument=instrument,
        text=text,
        rows=item_rows(instrument, text, errors),
        errors=errors,
        error_lines=_error_lines(instrument, errors),
        only_open=bool(errors) and all(message == _(UNEXPLAINED) for message in errors.values()),
        saved=saved,
        draft=draft,
        token=token,
        question=question,
        conflict=conflict,
        second=second,
    )


def conflict_of(instrument: Instrument, mine: AssessmentText, current: Assessment) -> AssessmentConflict:
    """Both values of each field that differs, and who saved last."""
    theirs = text_of(current)
    reasons = {code: str(_(label)) for code, label in instrument.missing_reasons}
    changes = history_of(instrument, current)
    rows = [
        RatingConflictRow(name, str(LABELS[name]), was, now, was, now)
        for name, was in mine.named().items()
        if name in LABELS and was != (now := theirs.named()[name])
    ]
    for item in instrument.items:
        label = f"{item.number} {item.name}"
        was, now = (text.items.get(item.code, "") for text in (mine, theirs))
        if was != now:
            rows.append(RatingConflictRow(item_field(item.code), label, was, now, was, now))
        was, now = (text.missing.get(item.code, "") for text in (mine, theirs))
        if was != now:
            label = _("%(item)s, not assessed") % {"item": label}
            words = [reasons.get(why, why) for why in (was, now)]
            rows.append(RatingConflictRow(missing_field(item.code), label, was, now, *words))
    return AssessmentConflict(changes[0].who if changes else current.entered_by.printed_name, rows)


def _error_lines(instrument: Instrument, errors: Mapping[str, str]) -> list[RatingErrorLine]:
    """What is wrong, with where it is; items that are merely open are one line, which leads to the first."""
    lines = [
        RatingErrorLine(_anchor(instrument, name), _label(instrument, name), text)
        for name, text in errors.items()
    ]
    still_open = [line for line in lines if line.text == _(UNEXPLAINED)]
    if len(still_open) < 2:
        return lines
    n = len(still_open)
    label = ngettext("%(n)d item missing", "%(n)d items missing", n) % {"n": n}
    first = RatingErrorLine(still_open[0].anchor, label, _("choose a value, or give a reason"))
    return [first, *(line for line in lines if line not in still_open)]


def _anchor(instrument: Instrument, name: str) -> str:
    """Id of the field on the page."""
    if name in instrument.by_code:
        return f"row_{item_field(name)}"
    return "" if name == NON_FIELD_ERRORS else f"id_{name}"


def _label(instrument: Instrument, name: str) -> str:
    if item := instrument.by_code.get(name):
        return f"{item.number} {item.name}"
    return str(LABELS.get(name) or (_("Reason") if name == "reason" else _("The form")))
