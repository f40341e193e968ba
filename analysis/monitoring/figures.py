"""The figures of the board's report, as they are computed, stored and shown. Unblinded.

Stored as JSON (trialsite/lib/codec.py). The live report is computed anew when its shape changes; a look is frozen for good,
and `earlier.py` reads those that other shapes froze.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.domain.crossover import Contrast
from analysis.domain.flow import StopRow
from analysis.domain.intervals import Interval
from analysis.interim_data import LookChange
from analysis.monitoring.guess_figures import GuessFigures
from trialsite.lib import codec

Flag = Literal["safety", "efficacy", "futility"]


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """Where everybody's way ends, as analysis/domain/flow.py has it: before randomisation, and by sequence."""

    randomised: int
    withdrawn: int
    screened_again: int
    enrolment: tuple[StopRow, ...]
    sequences: Mapping[str, tuple[StopRow, ...]]


@dataclass(frozen=True, slots=True)
class VisitMean:
    """The mean total at a visit of the `n` periods that have one."""

    visit: str
    label: str
    day: int
    n: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """Of one arm, over the completers: `n` periods, of so many `participants`. `within`: the change from baseline; looks
    of earlier versions have none."""

    code: str
    label: str
    n: int
    participants: int
    responders: int
    remitters: int
    mean_change: float | None
    within: Contrast | None
    visits: tuple[VisitMean, ...]


@dataclass(frozen=True, slots=True)
class SameParticipants:
    """What one arm did in the participants of a `ResponderGroup`."""

    arm: str
    responders: int
    remitters: int
    mean_change: float | None
    within: Contrast | None


@dataclass(frozen=True, slots=True)
class ResponderGroup:
    """The `n` completers who responded with `arm`, and what every arm did in them."""

    arm: str
    n: int
    arms: tuple[SameParticipants, ...]


@dataclass(frozen=True, slots=True)
class CompleterPair:
    """One completer: arm code → baseline, change and response at the primary visit, where each arm comes once."""

    participant: str
    baseline: Mapping[str, int]
    change: Mapping[str, int]
    response: Mapping[str, bool]

    def percent(self, arm: str) -> float:
        """Change in per cent of the baseline; 0 from a baseline of 0."""
        return 100 * self.change[arm] / self.baseline[arm] if self.baseline[arm] else 0.0


@dataclass(frozen=True, slots=True)
class LookBoundaries:
    """A look at so many completers with the critical z of every boundary there, by name."""

    number: int
    completers: int
    boundaries: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FutilityFigures:
    """The protocol's futility rule at a look: the `chance` under what is `assumed`, and the z below which it is futile,
    None where no result is."""

    assumed: str
    below: float
    chance: float
    limit: float | None
    reached: bool


@dataclass(frozen=True, slots=True)
class ChancesLeft:
    """Chances of crossing at a later look. `points`: (drift, conditional power) for the chart; `null`, `predictive`:
    chances; `trend`, `design`: (drift, chance); `exact`: predictive probability of the exact test at the last look, None
    where too many are to come; `futility`: None without a rule."""

    points: tuple[tuple[float, float], ...]
    null: float
    trend: tuple[float, float]
    design: tuple[float, float] | None
    predictive: float
    exact: float | None
    futility: FutilityFigures | None


@dataclass(frozen=True, slots=True)
class EndFigures:
    """What a trial that ends at a look says, its looks allowed for, as drifts. `interval`, `repeated`: low and high, None
    where they have no bound; `naive`: the estimate without allowing for looks."""

    p: float
    estimate: float
    interval: tuple[float | None, float | None]
    repeated: tuple[float | None, float | None]
    naive: float
    level: float


@dataclass(frozen=True, slots=True)
class LookTest:
    """The primary test at a look. `information`: fractions of the full one at the looks up to it; `made`: those looks, the
    last of them this one, None in figures of versions that did not store it; `chances`: None at the last look; `last`:
    whether it is the last planned."""

    number: int
    p: float
    z: float
    information: tuple[float, ...]
    boundaries: Mapping[str, float]
    made: tuple[LookBoundaries, ...] | None
    chances: ChancesLeft | None
    ended: EndFigures | None
    last: bool


@dataclass(frozen=True, slots=True)
class MonitoringFigures:
    """Completers with both arms of `compare`, by whether they responded (with several `periods` of an arm: more often) with
    the first, the second, both or neither; the looks of the `plan`; the test at the latest due, None before the first;
    its flags, the gravest first."""

    completers: int
    compare: tuple[str, str]
    periods: int
    only_first: int
    only_second: int
    both: int
    neither: int
    spending: str
    sides: int
    plan: tuple[LookBoundaries, ...]
    test: LookTest | None
    flags: tuple[Flag, ...]

    @property
    def flag(self) -> str:
        if self.flags:
            return self.flags[0]
        return "continue" if self.test else "no look due"


@dataclass(frozen=True, slots=True)
class SafetyFigures:
    """The safety rule, and how many with `event` stop the trial at the number `treated`, None where none does. `boundary`:
    (treated from which on, events that stop)."""

    event: str
    prior: tuple[float, float]
    p0: float
    tau: float
    treated: int
    limit: int | None
    boundary: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """Mean and standard deviation of the totals with one arm."""

    arm: str
    mean: float | None
    sd: float | None


@dataclass(frozen=True, slots=True)
class TotalsPair:
    """One completer's totals by arm, their mean where an arm comes more than once."""

    participant: str
    totals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ExploratoryFigures:
    """An exploratory endpoint, in the `n` of so many completers whose total is known in every period. `contrast`: second
    minus first of the arms compared, by `method`; `pairs`: empty where they are too many to be shown."""

    name: str
    instrument: str
    visit: str
    n: int
    of: int
    arms: tuple[ArmTotals, ...]
    contrast: Contrast | None
    method: Literal["hills_armitage", "mixed"]
    pairs: tuple[TotalsPair, ...]


@dataclass(frozen=True, slots=True)
class PairedContrasts:
    """Hills–Armitage, over `n` participants."""

    treatment: Contrast
    period: Contrast
    carryover: Contrast
    n: int


@dataclass(frozen=True, slots=True)
class BaselineContrasts:
    """Hills–Armitage of the periods' baselines, over `n` participants."""

    treatment: Contrast
    period: Contrast
    n: int


@dataclass(frozen=True, slots=True)
class MixedContrasts:
    """The mixed model: each arm but the reference minus that; participants with all periods and with some of them."""

    treatments: Mapping[str, Contrast]
    complete: int
    partial: int
    observations: int


@dataclass(frozen=True, slots=True)
class VisitContrasts:
    """The change at one visit; `paired`: None unless the design is AB/BA, `mixed`: None without values."""

    visit: str
    label: str
    paired: PairedContrasts | None
    mixed: MixedContrasts | None


@dataclass(frozen=True, slots=True)
class OrderTests:
    """p-values that allow for a period effect; `asymptotic`: names of the tests whose p is not exact."""

    mainland_gart: float | None
    prescott: float | None
    asymptotic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairedProportions:
    """The paired difference first − second, over `n` completers: Newcombe's interval, and Tango's (`score`), which looks
    of earlier versions lack; McNemar's p, exact and mid; `orders`: None unless the design is AB/BA."""

    n: int
    difference: Interval
    score: Interval | None
    p: float
    mid_p: float
    orders: OrderTests | None


@dataclass(frozen=True, slots=True)
class SecondaryFigures:
    """`contrast`: (second, first) of the arms compared: the second minus the first. `not_defined`: what this design has no
    such figure of, and why (keys of `text.NOT_DEFINED`)."""

    contrast: tuple[str, str]
    visits: tuple[VisitContrasts, ...]
    primary_visit: str
    response: PairedProportions | None
    remission: PairedProportions | None
    baselines: BaselineContrasts | None
    not_defined: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Everything the report shows of the data; None where the protocol has no such rule, or one arm alone."""

    completers: int
    flow: FlowFigures
    arms: tuple[ArmFigures, ...]
    among_responders: tuple[ResponderGroup, ...]
    paired: tuple[CompleterPair, ...]
    monitoring: MonitoringFigures | None
    safety: SafetyFigures | None
    exploratory_endpoints: tuple[ExploratoryFigures, ...]
    secondary: SecondaryFigures | None


@dataclass(frozen=True, slots=True)
class EndedLook:
    """The look at which the trial ended: by the committee's decision (`stopped`), or as the last planned."""

    number: int
    stopped: bool
    monitoring: MonitoringFigures


@dataclass(frozen=True, slots=True)
class ClosedReport:
    """The live report as it is stored. `changed`: number of a frozen look → what of its rows is different now; `guesses`: of
    the treatment, by period."""

    figures: ReportFigures
    rows_sha256: str
    changed: Mapping[str, tuple[LookChange, ...]]
    ended: EndedLook | None
    guesses: tuple[GuessFigures, ...]
    protocol_version: str
    protocol_sha256: str


SHAPE = codec.shape_of(ReportFigures)
REPORT_SHAPE = codec.shape_of(ClosedReport)
