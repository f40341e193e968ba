"""A trial as data: the objects a protocol file becomes. `protocol_file.parse` makes them.

The annotations are the file format: each field is a key, its type and limits are what the file may say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from typing import Annotated, Literal

from enrollment.domain.limits import CODE, DAY, FACT, Bounds, Text

Spending = Literal["lan_demets_obf", "lan_demets_pocock", "obrien_fleming", "pocock", "haybittle_peto"]

Code = Annotated[str, Text(20, CODE, "a code of letters, digits, _ or -")]
SiteCode = Annotated[str, Text(10, CODE, "a code of letters, digits, _ or -")]
FactName = Annotated[str, Text(60, FACT, "a name of small letters, digits and _")]
Label = Annotated[str, Text(60)]
Line = Annotated[str, Text(200)]
Prose = Annotated[str, Text(2000)]
ZoneName = Annotated[str, Text(64, called="an IANA time zone such as 'America/New_York',")]

# Ten years hold any trial, and no date computed from them leaves the calendar.
Days = Annotated[int, Bounds(0, 3650, "days")]
DayNumber = Annotated[int, Bounds(-3650, 3650)]
Ordinal = Annotated[int, Bounds(1, 100)]
People = Annotated[int, Bounds(1, 1_000_000, "participants")]
FactBound = Annotated[float, Bounds(-1_000_000, 1_000_000)]
Share = Annotated[float, Bounds(0, 1)]
# 0 or 1 would be no question any more.
Doubtful = Annotated[float, Bounds(0.001, 0.999)]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake of a protocol file: where, what was found, what was expected."""

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}, expected {self.expected}"


class ProtocolError(Exception):
    """All mistakes of a protocol file, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """A place where participants are seen. Its clinical dates are dates in its time zone."""

    code: SiteCode
    name: Line
    timezone: ZoneName


@dataclass(frozen=True, slots=True)
class Arm:
    """A treatment condition."""

    code: Code
    label: Label
    description: Prose


@dataclass(frozen=True, slots=True)
class SequenceSpec:
    """An order of treatments: the arm of each period, in the periods' order."""

    code: Code
    arms: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class PeriodSpec:
    """One round of treatment and follow-up; `number` counts from 1."""

    number: Ordinal
    label: Label


@dataclass(frozen=True, slots=True)
class VisitSpec:
    """A visit of every period: its day after the period's day 0, and its window, days before and after."""

    code: Code
    label: Label
    day: DayNumber
    before: Days
    after: Days
    instruments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class WashoutRule:
    """Days from the anchor of one period to day 0 of the next, for every two consecutive periods."""

    anchor: Literal["dosing", "last_visit"]
    min_days: Days
    target_days: Days
    max_days: Days


@dataclass(frozen=True, slots=True)
class Criterion:
    """`kind` confirm: the checklist answer `fact` must be `expected`. Else the number `fact` has bounds."""

    id: Code
    group: Literal["inclusion", "exclusion"]
    kind: Literal["minimum", "maximum", "range", "confirm"]
    name: Label
    text: Prose
    fact: FactName
    minimum: FactBound | None = None
    maximum: FactBound | None = None
    expected: bool | None = None
    unit: Label | None = None


@dataclass(frozen=True, slots=True)
class InstrumentUse:
    """An instrument in the edition this trial uses. `item_maxima`: item code → highest value, where the
    edition differs or the protocol says it aloud. `totals_only`: totals without items are accepted."""

    code: Code
    item_maxima: Mapping[str, Annotated[int, Bounds(0, 100)]]
    prorate: bool = False
    totals_only: bool = False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Response: a fall by `response_percent` or more from baseline; remission: `remission_max` or less."""

    instrument: Code
    baseline_visit: Code
    primary_visit: Code
    response_percent: Annotated[int, Bounds(1, 100, "percent")]
    remission_max: Annotated[int, Bounds(0, 1000, "points")]


@dataclass(frozen=True, slots=True)
class AllocationRule:
    """Permuted blocks, their sizes drawn at random; one list for each site or one for the study."""

    block_sizes: tuple[Annotated[int, Bounds(1, 100)], ...]
    stratify_by: Literal["site", "study"]


@dataclass(frozen=True, slots=True)
class Look:
    """A planned analysis: when so many have completed every arm, or `on` a day, however many have by then.

    With a day, `completers` is the number expected then: the plan's boundary rests on it."""

    number: Ordinal
    completers: People
    on: Annotated[str, Text(10, DAY, "a day such as '2027-03-01',")] | None = None

    def day(self) -> date | None:
        """The day it is due. Raises ValueError for one that is in no calendar."""
        return date.fromisoformat(self.on) if self.on else None

    def due(self, completers: int, today: date | None) -> bool:
        """Whether it is due with so many completers, of whom it needs one at least; `today` None: not by its day."""
        day = self.day()
        if day is None:
            return completers >= self.completers
        return today is not None and today >= day and completers > 0


@dataclass(frozen=True, slots=True)
class ExpectedResponses:
    """What the trial is planned for: the share that responds with either of the arms compared, in their order,
    and the correlation of a participant's two responses."""

    responses: tuple[Share, Share]
    correlation: Annotated[float, Bounds(-1, 1)] = 0.0

    def correlations(self) -> tuple[float, float]:
        """Lowest and highest correlation that two such shares can have; 0 and 0 where one of them is 0 or 1."""
        one, two = self.responses
        spread = (one * (1 - one) * two * (1 - two)) ** 0.5
        if not spread:
            return 0.0, 0.0
        return (max(0.0, one + two - 1) - one * two) / spread, (min(one, two) - one * two) / spread


@dataclass(frozen=True, slots=True)
class FutilityRule:
    """A look before the last says futility when the chance of success that is left lies below `below`.

    Not binding: the efficacy boundary is computed as if it were not there. `under`: the effect assumed for the
    rest of the trial, for conditional power: the one seen so far, none, or the one of `design`."""

    method: Literal["conditional_power", "predictive_power"]
    below: Doubtful
    under: Literal["trend", "null", "design"] | None = None


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """A look says safety when P(rate > p0 | events of participants treated) > tau; the rate is Beta(`prior`)."""

    event: Line
    prior: tuple[Annotated[float, Bounds(0.001, 1000)], Annotated[float, Bounds(0.001, 1000)]]
    p0: Doubtful
    tau: Doubtful


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """Planned looks and their boundary. `compare`: the reference arm, then the other."""

    alpha: Annotated[float, Bounds(0.0001, 0.5)]
    sides: Annotated[int, Bounds(1, 2)]
    spending: Spending
    test: Literal["mcnemar_exact"]
    compare: tuple[Code, Code]
    looks: tuple[Look, ...]
    endpoint: Literal["response"] = "response"
    design: ExpectedResponses | None = None
    futility: FutilityRule | None = None
    safety: SafetyRule | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A total of a visit that the board's report sets beside the primary endpoint, by treatment."""

    name: Label
    instrument: Code
    visit: Code

    @property
    def key(self) -> str:
        """Names the total among those of a period."""
        return f"{self.instrument} {self.visit}"


@dataclass(frozen=True, slots=True)
class Protocol:
    """The whole trial. Any number of arms, sequences and periods."""

    code: Code
    title: Prose
    short_title: Line
    version: Annotated[str, Text(20)]
    planned_enrolment: People
    blinding: Literal["double", "open"]
    synthetic: bool
    sites: tuple[SiteSpec, ...]
    arms: tuple[Arm, ...]
    sequences: tuple[SequenceSpec, ...]
    periods: tuple[PeriodSpec, ...]
    visits: tuple[VisitSpec, ...]
    screening_instruments: tuple[Code, ...]
    criteria: tuple[Criterion, ...]
    instruments: tuple[InstrumentUse, ...]
    endpoints: Endpoints
    dosing_label: Label = "Dosing"
    signing_rest_hours: Annotated[int, Bounds(0, 720, "hours")] = 24
    washout: WashoutRule | None = None
    allocation: AllocationRule | None = None
    stopping: StoppingRule | None = None
    beside: tuple[Comparison, ...] = ()

    @property
    def each_arm_once(self) -> bool:
        """Whether nobody receives a treatment in more than one period."""
        return all(len(set(sequence.arms)) == len(sequence.arms) for sequence in self.sequences)

    @property
    def two_by_two(self) -> bool:
        """Whether it is an AB/BA trial: two treatments in two periods, in both orders."""
        orders = {sequence.arms for sequence in self.sequences}
        return len(self.arms) == len(self.periods) == 2 and orders == {
            tuple(o) for o in permutations(a.code for a in self.arms)
        }

    def compared(self) -> tuple[str, str]:
        """The reference arm, then the other: those of the stopping rule, else the first two."""
        if self.stopping:
            return self.stopping.compare
        return self.arms[0].code, self.arms[min(1, len(self.arms) - 1)].code

    def visit(self, code: str) -> VisitSpec:
        """The visit of this code. Raises KeyError when the protocol has none."""
        return {visit.code: visit for visit in self.visits}[code]

    def arm(self, code: str) -> Arm:
        """The arm of this code. Raises KeyError when the protocol has none."""
        return {arm.code: arm for arm in self.arms}[code]
