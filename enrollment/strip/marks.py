"""What goes into a crossover strip and what comes out of it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

State = Literal["planned", "due", "overdue", "done", "done_out_of_window", "missed", "signed"]


@dataclass(frozen=True, slots=True)
class StripVisit:
    """`day` counts from the period's dosing; dates are None while the period has none."""

    code: str
    label: str
    day: int
    planned_on: date | None
    earliest_on: date | None
    latest_on: date | None
    performed_on: date | None
    state: State
    url: str = ""


@dataclass(frozen=True, slots=True)
class StripPeriod:
    number: int
    dosed_on: date | None
    planned_on: date | None
    visits: tuple[StripVisit, ...]

    @property
    def day0(self) -> date | None:
        return self.dosed_on or self.planned_on

    @property
    def last_on(self) -> date | None:
        """The last day of the period that is known: of a visit done or planned."""
        return max((on for v in self.visits if (on := v.performed_on or v.planned_on)), default=None)


@dataclass(frozen=True, slots=True)
class StripWashout:
    after_period: int
    earliest_on: date
    target_on: date
    latest_on: date
    # False while the days hang on a visit that is to come.
    certain: bool = True


@dataclass(frozen=True, slots=True)
class StripInput:
    participant_code: str
    dosing_label: str
    screening_on: date | None
    screening_state: State
    periods: tuple[StripPeriod, ...]
    washouts: tuple[StripWashout, ...]
    today: date


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick. `head` stands above it, `label` below; `text` is its tooltip and accessible name."""

    x: str
    kind: str
    state: str
    head: str
    label: str
    date: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class BandMark:
    """A day of the washout. `label` is empty where its neighbours leave no room; `anchor` as in SVG."""

    x: str
    kind: str
    word: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Band:
    """A washout. `begin` and `end` are the dates of its edges `left` and `right` (percent)."""

    x: str
    width: str
    head: str
    text: str
    left: float
    right: float
    possible_x: str = ""
    possible_width: str = ""
    marks: tuple[BandMark, ...] = ()
    begin: date | None = None
    end: date | None = None
    # What its parts mean, in words: (kind, text), in the order of the picture.
    key: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StripRow:
    """A line of the table form."""

    what: str
    planned: str
    window: str
    performed: str
    state: str
    state_text: str
    url: str


@dataclass(frozen=True, slots=True)
class Strip:
    code: str
    periods: int
    marks: tuple[Mark, ...]
    bands: tuple[Band, ...]
    start: str
    end: str
    today: str | None
    today_label: str
    title: str
    sentence: str
    rows: tuple[StripRow, ...]
