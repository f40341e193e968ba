"""A trial as data: the protocol file's objects. `protocol_file.parse` makes them and says what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Spending = Literal["lan_demets_obf", "lan_demets_pocock", "obrien_fleming", "pocock", "haybittle_peto"]


@dataclass(frozen=True, slots=True)
class SiteSpec:
    code: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Arm:
    code: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class SequenceSpec:
    """An order of treatments: the arm of each period."""

    code: str
    arms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeriodSpec:
    number: int
    label: str


@dataclass(frozen=True, slots=True)
class VisitSpec:
    """A visit of every period: its day after the period's day 0, and its window in days."""

    code: str
    label: str
    day: int
    before: int
    after: int
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WashoutRule:
    """Days from the anchor of one period to day 0 of the next."""

    anchor: Literal["dosing", "last_visit"]
    min_days: int
    target_days: int
    max_days: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """`kind` confirm: the checklist answer `fact` must be `expected`. Else the number `fact` has bounds."""

    id: str
    group: Literal["inclusion", "exclusion"]
    kind: Literal["minimum", "maximum", "range", "confirm"]
    name: str
    text: str
    fact: str
    minimum: float | None = None
    maximum: float | None = None
    expected: bool | None = None


@dataclass(frozen=True, slots=True)
class InstrumentUse:
    """An instrument in the edition this trial uses. `totals_only`: totals without items are accepted."""

    code: str
    item_maxima: Mapping[str, int]
    prorate: bool = False
    totals_only: bool = False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Response: a reduction of at least `response_percent` from baseline; remission: total at most `remission_max`."""

    instrument: str
    baseline_visit: str
    primary_visit: str
    response_percent: int
    remission_max: int


@dataclass(frozen=True, slots=True)
class AllocationRule:
    block_sizes: tuple[int, ...]
    stratify_by: Literal["site", "study"]


@dataclass(frozen=True, slots=True)
class Look:
    number: int
    completers: int


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """Interim looks by number of completers; `compare`: the reference arm, then the other."""

    alpha: float
    sides: int
    spending: Spending
    test: Literal["mcnemar_exact"]
    compare: tuple[str, ...]
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Protocol:
    """The whole trial. Any number of arms, sequences and periods."""

    code: str
    title: str
    short_title: str
    version: str
    planned_enrolment: int
    blinding: Literal["double", "open"]
    synthetic: bool
    sites: tuple[SiteSpec, ...]
    arms: tuple[Arm, ...]
    sequences: tuple[SequenceSpec, ...]
    periods: tuple[PeriodSpec, ...]
    visits: tuple[VisitSpec, ...]
    screening_instruments: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    instruments: tuple[InstrumentUse, ...]
    endpoints: Endpoints
    washout: WashoutRule | None = None
    allocation: AllocationRule | None = None
    stopping: StoppingRule | None = None

    def visit(self, code: str) -> VisitSpec:
        return next(visit for visit in self.visits if visit.code == code)
