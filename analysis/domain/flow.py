"""The flow of participants through a crossover trial: where each one's way ends.

Everybody is put at exactly one place, their `Stop`. Each figure of the flow is a number of people whose way ends
there or further on, so that it adds up however the records contradict each other. The stages, for K periods: 0 before
randomisation; k = 1 … K before the treatment of period k; K + 1 before the analysis; K + 2 its end, the completers.

CONSORT 2010, extension to randomised crossover trials: Dwan et al. (2019), doi:10.1136/bmj.l4378.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from analysis.domain import checks
from enrollment.domain.disposition import disposition

PeriodState = Literal["evaluable", "to_come", "no_primary", "no_baseline", "not_dosed"]
STATES = frozenset(get_args(PeriodState))
Reason = Literal[
    "excluded",
    "screening",
    "withdrawn",
    "waiting",
    "not_given",
    "to_come",
    "no_baseline",
    "no_primary",
    "completer",
]

# A stop's stage, reason, period and criteria, and how many end there.
StopRow = tuple[int, Reason, int, tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class ParticipantFlow:
    """What is known of one participant.

    `states`: of each planned period, in order: "not_dosed", else "evaluable", else what is missing for the primary
    endpoint, where "to_come" is a rating that may still be made. `criteria`: not met, of who was excluded.
    """

    status: str
    randomised: bool
    states: tuple[PeriodState, ...] = ()
    criteria: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for state in self.states:
            checks.one_of("state", state, STATES)


class Stop(NamedTuple):
    """Where the way of a participant ends, and why. `period`: the first that is not evaluable, at stage K + 1."""

    stage: int
    reason: Reason
    period: int = 0
    criteria: tuple[str, ...] = ()


def place(participant: ParticipantFlow) -> Stop:
    """The one place of `participant`.

    >>> place(ParticipantFlow("withdrawn", True, ("evaluable", "not_dosed")))
    Stop(stage=2, reason='withdrawn', period=0, criteria=())
    """
    state = disposition(participant.status, randomised=participant.randomised)
    if not participant.randomised:
        if state == "screen_failure":
            return Stop(0, "excluded", criteria=tuple(sorted(participant.criteria)))
        return Stop(0, "withdrawn" if state == "withdrawn_before" else "screening")
    left = state == "withdrawn"
    for number, known in enumerate(participant.states, start=1):
        if known == "not_dosed":
            return Stop(number, _not_given(participant, number))
    last = len(participant.states)
    for number, known in enumerate(participant.states, start=1):
        if known in ("to_come", "no_baseline", "no_primary"):
            return Stop(last + 1, "withdrawn" if left and number == last else known, number)
    return Stop(last + 2, "completer")


def _not_given(participant: ParticipantFlow, number: int) -> Reason:
    if participant.status == "withdrawn":
        return "withdrawn"
    later = any(state != "not_dosed" for state in participant.states[number:])
    return "not_given" if later or participant.status == "completed" else "waiting"


def count(flows: Iterable[tuple[ParticipantFlow, int]]) -> Counter[Stop]:
    """How many end at each place; `flows`: (flow, how many share it).

    >>> screened, completed = ParticipantFlow("eligible", False), ParticipantFlow("completed", True, ("evaluable",))
    >>> count([(screened, 2), (completed, 3)])[Stop(3, "completer")]
    3
    """
    counted: Counter[Stop] = Counter()
    for participant, n in flows:
        counted[place(participant)] += n
    return counted


def reached(stops: Counter[Stop], stage: int) -> int:
    """How many passed every stage before `stage`: those that end there, and those that go on."""
    return sum(n for stop, n in stops.items() if stop.stage >= stage)


def ending(stops: Counter[Stop], stage: int) -> Counter[Stop]:
    """Those whose way ends at `stage`."""
    return Counter({stop: n for stop, n in stops.items() if stop.stage == stage and n})


def rows(stops: Counter[Stop]) -> list[StopRow]:
    """In a fixed order; `from_rows` reads them, from JSON too.

    >>> from_rows(rows(Counter({Stop(0, "excluded", criteria=("Age",)): 1}))).total()
    1
    """
    return [(*stop, n) for stop, n in sorted(stops.items())]


def from_rows(stored: Iterable[Sequence[Any]]) -> Counter[Stop]:
    """The counter that `rows` wrote."""
    return Counter(
        {Stop(stage, reason, period, tuple(criteria)): n for stage, reason, period, criteria, n in stored}
    )
