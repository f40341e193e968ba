"""An assessment as somebody entered it, what keeps it from being saved, and what is saved of it.

Whoever writes assessments makes an `AssessmentEntry` of what a form or a file gave; the rules are here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Literal

from assessments.domain.instrument import Instrument, ItemProblem, problems, score
from trialsite.lib.visible import is_visible

Status = Literal["entered", "complete", "not_done"]


@dataclass(frozen=True, slots=True)
class AssessmentEntry:
    """`items`: item code → value, None or absent when not rated; `missing`: item code → code of the reason. With a
    `not_done_reason` neither counts: nothing was rated. `total`: of a source that gives a total and no items."""

    items: Mapping[str, int | None]
    missing: Mapping[str, str] = field(default_factory=dict)
    rater: str = ""
    performed_on: date | None = None
    performed_time: time | None = None
    lookback_days: int | None = None
    not_done_reason: str = ""
    total: int | None = None

    @property
    def not_done(self) -> bool:
        return is_visible(self.not_done_reason)


@dataclass(frozen=True, slots=True)
class AssessmentContent:
    """What a record holds of an entry; its attributes are those of the record. `total` is None unless every item was
    rated."""

    instrument_version: str
    status: Status
    items: dict[str, int]
    missing: dict[str, str]
    total: int | None
    rater: str
    performed_on: date | None
    performed_time: time | None
    lookback_days: int | None
    not_done_reason: str


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """`name`: of an attribute of the entry, or the code of an item. `message` is an English template for the reader to
    translate and fill with `params`."""

    name: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


def entry_problems(
    instrument: Instrument, entry: AssessmentEntry, *, today: date, consented_on: date | None
) -> Iterator[EntryProblem]:
    """Everything that keeps `entry` from being saved, the first problem of each field. `today`: at the site."""
    if entry.not_done:
        return
    if entry.performed_on is None:
        yield EntryProblem("performed_on", "Enter the date of the rating.")
    else:
        yield from date_problems(entry.performed_on, today=today, consented_on=consented_on)
    if not is_visible(entry.rater):
        yield EntryProblem("rater", "Enter the name of the rater.")
    yield from item_problems(instrument, entry)


def item_problems(instrument: Instrument, entry: AssessmentEntry) -> Iterator[EntryProblem]:
    """What is wrong with the items, the first problem of each."""
    first: dict[str, ItemProblem] = {}
    for problem in problems(instrument, entry.items, entry.missing):
        first.setdefault(problem.item, problem)
    for problem in first.values():
        yield EntryProblem(problem.item, problem.message, problem.params)


def date_problems(performed_on: date, *, today: date, consented_on: date | None) -> Iterator[EntryProblem]:
    """Days on which nobody can have been rated in the trial. `today`: at the site."""
    if performed_on > today:
        yield EntryProblem("performed_on", "This date is in the future. Check the date of the rating.")
    elif consented_on and performed_on < consented_on:
        yield EntryProblem(
            "performed_on", "This date is before the consent date. Check the date of the rating."
        )


def content_of(instrument: Instrument, entry: AssessmentEntry) -> AssessmentContent:
    """What is saved of an entry without problems."""
    items = {} if entry.not_done else {c: value for c, value in entry.items.items() if value is not None}
    reasons = {} if entry.not_done else entry.missing
    total = None if entry.not_done else score(instrument, items).total if items else entry.total
    return AssessmentContent(
        instrument_version=instrument.version,
        status="not_done" if entry.not_done else "entered" if total is None else "complete",
        items=items,
        missing={code: why for code, why in reasons.items() if why and code not in items},
        total=total,
        rater=entry.rater,
        performed_on=entry.performed_on,
        performed_time=entry.performed_time,
        lookback_days=entry.lookback_days,
        not_done_reason=entry.not_done_reason.strip(),
    )
