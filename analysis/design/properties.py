"""The protocol's design as something that can be simulated: its looks and limits, without an effect and with one."""

from dataclasses import dataclass
from functools import lru_cache

from analysis.domain import paired, safety_monitoring, sequential, simulation
from analysis.monitoring.power import assumed, design_drift, remaining_looks
from enrollment.protocol.model import ExpectedResponses, StoppingRule


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """What is to be simulated. `effect`: None for no effect at all but the null; `rate`: of events, None for none."""

    trials: int
    seed: int
    effect: ExpectedResponses | None
    rate: float | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the answer. `effect`: whether there is one; `exact`: the protocol's own test, else a normal statistic."""

    effect: bool
    exact: bool
    responses: tuple[float, float]
    drift: float
    model: simulation.Normal | simulation.Paired
    rules: simulation.Rules
    events: simulation.Events | None


@lru_cache(maxsize=8)
def scenarios(rule: StoppingRule, request: SimulationRequest) -> tuple[Scenario, ...]:
    """No effect and, where one is given, the effect; each with a normal statistic and with the exact test.

    No effect means that both treatments have the mean of the two shares of responders; half, where none are given.
    Raises ValueError for shares that do not allow the correlation.
    """
    plan: list[Scenario] = []
    counts = tuple(look.completers for look in rule.looks)
    rules = limits(rule)
    events = simulation.Events(counts, request.rate) if request.rate is not None and rules.harmful else None
    for effect in (False, True) if request.effect else (False,):
        responses, correlation = shares(request.effect, effect=effect)
        drift = paired.drift(counts[-1], responses, correlation)
        models: tuple[simulation.Normal | simulation.Paired, ...] = (
            simulation.Normal(tuple(n / counts[-1] for n in counts), drift),
            simulation.Paired(counts, responses, correlation),
        )
        plan += [
            Scenario(effect, isinstance(model, simulation.Paired), responses, drift, model, rules, events)
            for model in models
        ]
    return tuple(plan)


def shares(expected: ExpectedResponses | None, *, effect: bool) -> tuple[tuple[float, float], float]:
    """Shares of responders with either treatment, and a correlation that they allow."""
    if expected is None:
        return (0.5, 0.5), 0.0
    if effect:
        return expected.responses, expected.correlation
    both = sum(expected.responses) / 2
    low, high = ExpectedResponses((both, both)).correlations()
    return (both, both), min(max(expected.correlation, low), high)


def limits(rule: StoppingRule) -> simulation.Rules:
    """What ends a trial at each look made as planned."""
    final = rule.looks[-1].completers
    fractions = [look.completers / final for look in rule.looks]
    upper = sequential.boundary(rule.spending, fractions, rule.alpha, rule.sides, planned=fractions)
    futile: tuple[float | None, ...] = ()
    direction = 0
    if rule.futility:
        after = [remaining_looks(rule, look.number, fractions[: n + 1]) for n, look in enumerate(rule.looks)]
        futile = tuple(ahead.limit(rule.futility) if ahead else None for ahead in after)
        if assumed(rule.futility) == "design":
            direction = 1 if (design_drift(rule) or 0) > 0 else -1
    harmful: tuple[int | None, ...] = ()
    if rule.safety:
        harmful = tuple(
            safety_monitoring.stops_at(
                look.completers, p0=rule.safety.p0, certainty=rule.safety.tau, prior=rule.safety.prior
            )
            for look in rule.looks
        )
    return simulation.Rules(upper, rule.sides, futile, direction, harmful)


@dataclass(frozen=True, slots=True)
class SimulationUnit:
    """Some blocks of one scenario: the work of one message. `first` and `last` are numbers of blocks, last left out."""

    scenario: int
    first: int
    last: int


# Units of one run: enough that several workers end together, few enough that messages cost nothing.
UNITS = 24


def units(count: int, trials: int) -> list[SimulationUnit]:
    """The work of `count` scenarios of `trials` each."""
    blocks = len(simulation.sizes(trials))
    step = -(-blocks // UNITS)
    return [
        SimulationUnit(scenario, first, min(first + step, blocks))
        for scenario in range(count)
        for first in range(0, blocks, step)
    ]


def work(scenario: Scenario, unit: SimulationUnit, request: SimulationRequest) -> simulation.Tally:
    """The trials of `unit`: the same whoever draws them."""
    sizes = simulation.sizes(request.trials)
    return simulation.total(
        [
            simulation.block(
                scenario.model, scenario.rules, sizes[k], (unit.scenario, k), request.seed, scenario.events
            )
            for k in range(unit.first, unit.last)
        ]
    )
