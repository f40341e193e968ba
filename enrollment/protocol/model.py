"""A trial as data: the objects a protocol file becomes. `file.parse` makes them.

The annotations are the file format: each field is a key, its type and limits are what the file may say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from typing import Annotated, Literal

from enrollment.protocol.deviations import DeviationRules
from enrollment.protocol.infusion import InfusionDay
from trialsite.lib.document.limits import CODE, Bounds, TextLimit
from trialsite.lib.document.problems import DocumentError

FACT = r"[a-z][a-z0-9_]*"
DAY = r"\d{4}-\d{2}-\d{2}"

# What of a trial's conduct a stop of the monitoring board can halt.
Activity = Literal["screening", "randomisation", "dosing"]
Spending = Literal["lan_demets_obf", "lan_demets_pocock", "obrien_fleming", "pocock", "haybittle_peto"]

Code = Annotated[str, TextLimit(20, CODE, "a code of letters, digits, _ or -")]
SiteCode = Annotated[str, TextLimit(10, CODE, "a code of letters, digits, _ or -")]
FactName = Annotated[str, TextLimit(60, FACT, "a name of small letters, digits and _")]
Label = Annotated[str, TextLimit(60)]
Line = Annotated[str, TextLimit(200)]
Prose = Annotated[str, TextLimit(2000)]
ZoneName = Annotated[str, TextLimit(64, called="an IANA time zone such as 'America/New_York',")]

# Ten years hold any trial, and no date computed from them leaves the calendar.
Days = Annotated[int, Bounds(0, 3650, "days")]
DayNumber = Annotated[int, Bounds(-3650, 3650)]
Ordinal = Annotated[int, Bounds(1, 100)]
ParticipantCount = Annotated[int, Bounds(1, 1_000_000, "participants")]
SetCount = Annotated[int, Bounds(0, 1000, "sets")]
FactBound = Annotated[float, Bounds(-1_000_000, 1_000_000)]
ParameterValue = Annotated[float, Bounds(-1_000_000, 1_000_000)]
Share = Annotated[float, Bounds(0, 1)]
# 0 or 1 would be no question any more.
Doubtful = Annotated[float, Bounds(0.001, 0.999)]


class ProtocolError(DocumentError):
    """All mistakes of a protocol file, one a line."""


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
    forms: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class WashoutRule:
    """Days from the anchor of one period to day 0 of the next, for every two consecutive periods."""

    anchor: Literal["dosing", "last_visit"]
    min_days: Days
    target_days: Days
    max_days: Days


@dataclass(frozen=True, slots=True)
class Criterion:
    """`kind` confirm: the checklist answer `fact` must be `expected`. Else the number `fact` has bounds.

    `value`: what the number is, an expression over the participant's forms; None where screening records it itself.
    """

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
    value: Annotated[str, TextLimit(1000, called="an expression")] | None = None


@dataclass(frozen=True, slots=True)
class InstrumentUse:
    """An instrument in the edition this trial uses. `item_maxima`: item code → highest value, where the
    edition differs or the protocol says it aloud. `totals_only`: totals without items are accepted.
    `prorate`: a prorated total stands beside a rating with at most `most_missing` items missing, never in its place.
    `second_rating`: visits at which another rater rates the same interview; totals that are `adjudicate_from` points apart
    or more are adjudicated."""

    code: Code
    item_maxima: Mapping[str, Annotated[int, Bounds(0, 100)]]
    prorate: bool = False
    totals_only: bool = False
    most_missing: Annotated[int, Bounds(0, 100, "items")] = 0
    prorated_decimals: Annotated[int, Bounds(0, 2, "digits")] = 0
    second_rating: tuple[Code, ...] = ()
    adjudicate_from: Annotated[int, Bounds(1, 1000, "points")] = 5


@dataclass(frozen=True, slots=True)
class FormUse:
    """A form in the version that this trial uses. Where it belongs, its file says."""

    code: Code
    version: Annotated[str, TextLimit(20)]


@dataclass(frozen=True, slots=True)
class MissingReason:
    """Why a form's item may have no value: a code that forms name, and what people read."""

    code: Code
    label: Label


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
class SupplyRule:
    """Kits are given from the stock of each site, counted in sets: a set is what any one participant can need.

    Below `minimum_sets` the pharmacist is told to fill a site up to `target_sets`; `spare_sets` replace kits that were
    lost and are never given to a new participant."""

    minimum_sets: SetCount
    target_sets: SetCount
    spare_sets: SetCount


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """A planned analysis: when so many have completed every arm, or `on` a day, however many have by then.

    With a day, `completers` is the number expected then: the plan's boundary rests on it."""

    number: Ordinal
    completers: ParticipantCount
    on: Annotated[str, TextLimit(10, DAY, "a day such as '2027-03-01',")] | None = None

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
        first, second = self.responses
        spread = (first * (1 - first) * second * (1 - second)) ** 0.5
        if not spread:
            return 0.0, 0.0
        return (max(0.0, first + second - 1) - first * second) / spread, (
            min(first, second) - first * second
        ) / spread


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
    """Planned looks and their boundary. `compare`: the reference arm, then the other; `halts`: what stands still from a
    decision to stop until it is lifted. Visits after a dosing go on, whatever is halted."""

    alpha: Annotated[float, Bounds(0.0001, 0.5)]
    sides: Annotated[int, Bounds(1, 2)]
    spending: Spending
    test: Literal["mcnemar_exact"]
    compare: tuple[Code, Code]
    looks: tuple[PlannedLook, ...]
    halts: tuple[Activity, ...] = ("screening", "randomisation")
    endpoint: Literal["response"] = "response"
    design: ExpectedResponses | None = None
    futility: FutilityRule | None = None
    safety: SafetyRule | None = None


@dataclass(frozen=True, slots=True)
class ExploratoryEndpoint:
    """A total of a visit that the monitoring report sets beside the primary endpoint, by treatment (ICH E9, 2.2)."""

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
    version: Annotated[str, TextLimit(20)]
    planned_enrolment: ParticipantCount
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
    alert_escalation_minutes: Annotated[int, Bounds(5, 1440, "minutes")] = 60
    expected_reactions: tuple[Line, ...] = ()
    washout: WashoutRule | None = None
    allocation: AllocationRule | None = None
    supply: SupplyRule | None = None
    stopping: StoppingRule | None = None
    exploratory_endpoints: tuple[ExploratoryEndpoint, ...] = ()
    forms: tuple[FormUse, ...] = ()
    screening_forms: tuple[Code, ...] = ()
    missing_reasons: tuple[MissingReason, ...] = ()
    parameters: Mapping[str, ParameterValue] | None = None
    deviations: DeviationRules | None = None
    infusion: InfusionDay | None = None

    @property
    def each_arm_once(self) -> bool:
        """Whether nobody receives a treatment in more than one period."""
        return all(len(set(sequence.arms)) == len(sequence.arms) for sequence in self.sequences)

    @property
    def set_of_kits(self) -> dict[str, int]:
        """How many kits of each arm a set has: as many as any one sequence can need."""
        return {
            arm.code: max(sequence.arms.count(arm.code) for sequence in self.sequences) for arm in self.arms
        }

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
