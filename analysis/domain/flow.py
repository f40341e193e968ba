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

PeriodState = Literal["evaluable", "to_come", "no_primary", "no_baseline", "not_dosed"]
STATES = frozenset(get_args(PeriodState))
Reason = Literal[
    "excluded", "screening", "withdrawn", "waiting", "not_given", "to_come", "no_baseline", "no_primary", "completer"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
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


def place(person: Course) -> Stop:
    """The one place of `person`.

    >>> place(Course("withdrawn", True, ("evaluable", "not_dosed")))
    Stop(stage=2, reason='withdrawn', period=0, criteria=())
    """
    if not person.randomised:
        if person.status == "screen_failed":
            return Stop(0, "excluded", criteria=tuple(sorted(person.criteria)))
        return Stop(0, "withdrawn" if person.status == "withdrawn" else "screening")
    left = person.status == "withdrawn"
    for number, state in enumerate(person.states, start=1):
        if state == "not_dosed":
            return Stop(number, _not_given(person, number))
    last = len(person.states)
    for number, state in enumerate(person.states, start=1):
        if state in ("to_come", "no_baseline", "no_primary"):
            return Stop(last + 1, "withdrawn" if left and number == last else state, number)
    return Stop(last + 2, "completer")


def _not_given(person: Course, number: int) -> Reason:
    if person.status == "withdrawn":
        return "withdrawn"
    later = any(state != "not_dosed" for state in person.states[number:])
    return "not_given" if later or person.status == "completed" else "waiting"


def count(people: Iterable[tuple[Course, int]]) -> Counter[Stop]:
    """How many end at each place; `people`: (course, how many have it).

    >>> count([(Course("eligible", False), 2), (Course("completed", True, ("evaluable",)), 3)])[Stop(3, "completer")]
    3
    """
    counted: Counter[Stop] = Counter()
    for person, n in people:
        counted[place(person)] += n
    return counted


def reached(stops: Counter[Stop], stage: int) -> int:
    """How many passed every stage before `stage`: those that end there, and those that go on."""
    return sum(n for stop, n in stops.items() if stop.stage >= stage)


def ending(stops: Counter[Stop], stage: int) -> Counter[Stop]:
    """Those whose way ends at `stage`."""
    return Counter({stop: n for stop, n in stops.items() if stop.stage == stage and n})


def rows(stops: Counter[Stop]) -> list[list[object]]:
    """As plain JSON values, in a fixed order; `from_rows` reads them.

    >>> from_rows(rows(Counter({Stop(0, "excluded", criteria=("Age",)): 1}))).total()
    1
    """
    return [[*stop[:3], list(stop.criteria), n] for stop, n in sorted(stops.items())]


def from_rows(found: Iterable[Sequence[Any]]) -> Counter[Stop]:
    """The counter that `rows` wrote."""
    return Counter(
        {Stop(stage, reason, period, tuple(criteria)): n for stage, reason, period, criteria, n in found}
    )
