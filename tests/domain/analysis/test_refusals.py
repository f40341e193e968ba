"""A wrong argument is an error that names it, never a figure."""

import inspect
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.domain import (
    binary,
    checks,
    crossover,
    difference,
    disclosure,
    flow,
    futility,
    intervals,
    mixed,
    paired,
    populations,
    recursion,
    reml,
    response,
    safety_monitoring,
    sequential,
    simulation,
    spending,
    spread,
    stagewise,
)

TABLE = binary.PairedTable(2, 7, 1, 5)
ORDER = binary.Preferences((4, 2, 1), (1, 3, 3))
PAIRS = [(1.0, 2.0), (3.0, 1.0), (2.0, 5.0)]
FRAME = pd.DataFrame(
    {
        "participant": [1, 1, 2, 2, 3, 3, 4, 4],
        "period": [1, 2] * 4,
        "treatment": ["a", "b", "b", "a"] * 2,
        "value": [8.0, 5, 6, 9, 14, 10, 11, 16],
    }
)
LONG = FRAME.assign(sequence=["ab", "ab", "ba", "ba"] * 2)
FIT = reml.random_intercept(FRAME["value"], np.ones((8, 1)), FRAME["participant"])
RULES = response.OutcomeRules("BL", "D1", 50, 7, (("BL", 0), ("D1", 1)))
UP, LOOKS = [3.0, 2.0], [0.4, 1.0]


def frame(**changes: Any) -> pd.DataFrame:
    """The frame with the first row changed."""
    other = FRAME.copy()
    for name, value in changes.items():
        other[name] = other[name].astype(object)
        other.loc[0, name] = value
    return other


CASES: list[tuple[str, Callable[[], Any]]] = [
    ("more than all", lambda: intervals.wilson(6, 5)),
    ("none of nobody", lambda: intervals.wilson(0, 0)),
    ("half a participant", lambda: intervals.wilson(1.5, 5)),  # type: ignore[arg-type]
    ("NaN of five", lambda: intervals.wilson(nan, 5)),  # type: ignore[arg-type]
    ("level in percent", lambda: intervals.wilson(1, 5, 95)),
    ("an unknown interval of a difference", lambda: difference.risk_difference(TABLE, "wald")),  # type: ignore[arg-type]
    ("level in percent of a difference", lambda: difference.risk_difference(TABLE, level=95)),
    ("level of nothing", lambda: difference.risk_difference(TABLE, "tango", level=0)),
    ("level NaN", lambda: binary.mainland_gart(ORDER, level=nan)),
    ("level in percent of odds", lambda: binary.mainland_gart(ORDER, level=95)),
    ("level of an empty table", lambda: binary.mainland_gart(binary.Preferences((0, 1, 0), (0, 1, 0)), 95)),
    ("a negative count", lambda: binary.Preferences((-1, 0, 0), (0, 0, 0))),
    ("two counts of three", lambda: binary.Preferences((1, 0), (0, 0, 0))),  # type: ignore[arg-type]
    ("half a pair", lambda: binary.PairedTable(1, 1, 1, 1.5)),  # type: ignore[arg-type]
    ("NaN pairs", lambda: binary.mcnemar_exact(nan, 1)),  # type: ignore[arg-type]
    ("infinite pairs", lambda: binary.mcnemar_mid_p(inf, 1)),  # type: ignore[arg-type]
    ("negative pairs", lambda: binary.mcnemar_chi2(-1, 1)),
    ("an outcome that is neither", lambda: binary.preferences([(2, 0)], [(0, 1)])),
    ("an infinite outcome", lambda: binary.paired_table([(inf, 0)], [(0, 1)])),
    ("level in percent of a contrast", lambda: crossover.hills_armitage(PAIRS, PAIRS, level=95)),
    ("level of one sequence", lambda: crossover.hills_armitage(PAIRS, [], level=95)),
    ("an infinite value", lambda: crossover.hills_armitage([(inf, 1)], PAIRS)),
    ("three periods as two", lambda: crossover.as_pairs([(1, 2, 3)])),
    ("level of the adjusted", lambda: crossover.baseline_adjusted(PAIRS, PAIRS, PAIRS, PAIRS, level=95)),
    ("a NaN estimate", lambda: crossover.student(nan, 1, 5)),
    ("a NaN error", lambda: crossover.student(1, nan, 5)),
    ("no freedom", lambda: crossover.student(1, 1, 0)),
    ("level of student", lambda: crossover.student(1, 1, 5, level=95)),
    ("one treatment twice", lambda: crossover.pairs(FRAME, "a", "a")),
    ("another treatment", lambda: crossover.pairs(FRAME, "a", "c")),
    ("nobody's row", lambda: crossover.pairs(frame(participant=None), "a", "b")),
    ("a third period", lambda: crossover.pairs(frame(period=3), "a", "b")),
    ("an infinite total", lambda: crossover.pairs(frame(value=inf), "a", "b")),
    ("degrees of freedom of nobody", lambda: mixed.crossover(FRAME, "a", "b", method="kr")),  # type: ignore[arg-type]
    ("level of the model", lambda: mixed.crossover(FRAME, "a", "b", level=95)),
    ("freedom of every contrast", lambda: mixed.compare(LONG, "a", method="kr")),  # type: ignore[arg-type]
    ("level of every contrast", lambda: mixed.compare(LONG, "a", level=95)),
    ("a reference of nobody", lambda: mixed.compare(LONG, "c")),
    ("a NaN change", lambda: crossover.within([1, nan])),
    ("level of a change", lambda: crossover.within([1, 2], level=95)),
    ("an infinite outcome of the model", lambda: mixed.crossover(frame(value=inf), "a", "b")),
    ("a fit of NaN", lambda: reml.random_intercept([1, nan], [[1], [1]], [1, 2])),
    ("a fit of nobody", lambda: reml.random_intercept([1.0, 2], [[1], [1]], np.array([1, None]))),
    ("a fit of unequal length", lambda: reml.random_intercept([1.0, 2], [[1], [1], [1]], [1, 2])),
    ("freedom of a contrast", lambda: reml.contrast(FIT, [1], "kr")),  # type: ignore[arg-type]
    ("too many weights", lambda: reml.contrast(FIT, [1, 0])),  # type: ignore[arg-type]
    ("NaN weight", lambda: reml.contrast(FIT, [nan])),  # type: ignore[arg-type]
    ("level of a contrast of the model", lambda: reml.contrast(FIT, [1], level=95)),  # type: ignore[arg-type]
    ("confidence in percent", lambda: intervals.clopper_pearson(7, 12, 95)),
    ("seven and a half", lambda: intervals.clopper_pearson(7.5, 12)),  # type: ignore[arg-type]
    ("values out of order", lambda: spread.spread([(2, 1), (1, 1)])),
    ("a value twice", lambda: spread.spread([(1, 1), (1, 2)])),
    ("NaN of a distribution", lambda: spread.spread([(nan, 1)])),  # type: ignore[list-item]
    ("minus one person", lambda: spread.spread([(1, -1)])),
    ("confidence of a mean", lambda: spread.mean_interval(spread.spread([(1, 2)]), 95)),  # type: ignore[arg-type]
    ("an unknown function", lambda: spending.spent("obf", 0.4)),
    ("three sides", lambda: spending.spent("lan_demets_obf", 0.4, sides=3)),
    ("all error", lambda: spending.spent("lan_demets_obf", 0.4, alpha=2)),
    ("NaN time", lambda: spending.obrien_fleming_like(nan, 0.025)),
    ("time before the trial", lambda: spending.pocock_like(-0.1, 0.025)),
    ("alpha in percent", lambda: spending.pocock_like(0.4, 2.5)),
    ("an unknown boundary", lambda: sequential.boundary("obf", LOOKS)),
    ("looks out of order", lambda: sequential.boundary("pocock", [1.0, 0.4])),
    ("a NaN look", lambda: sequential.boundary("pocock", [nan, 1.0])),
    ("NaN alpha", lambda: sequential.boundary("pocock", LOOKS, alpha=nan)),
    ("three sides of a boundary", lambda: sequential.boundary("pocock", LOOKS, sides=3)),
    ("power in percent", lambda: sequential.inflation("pocock", LOOKS, power=90)),
    ("a NaN estimate repeated", lambda: sequential.repeated_intervals([nan], [1], [2])),
    ("a negative boundary", lambda: sequential.repeated_intervals([1], [1], [-2])),
    ("three sides repeated", lambda: sequential.repeated_intervals([1], [1], [2], sides=3)),
    ("NaN boundary", lambda: recursion.exit_probabilities(LOOKS, [-3, -2], [nan, 2])),
    ("infinite drift", lambda: recursion.exit_probabilities(LOOKS, [-3, -2], UP, inf)),
    ("infinite information", lambda: recursion.check_information([0.4, inf])),
    ("NaN z at the end", lambda: stagewise.after_stop(LOOKS, nan, UP)),
    ("NaN boundary before the end", lambda: stagewise.after_stop(LOOKS, 2, [nan])),
    ("level of the end", lambda: stagewise.after_stop(LOOKS, 2, UP, level=95)),
    ("three sides at the end", lambda: stagewise.after_stop(LOOKS, 2, UP, sides=3)),
    ("NaN z", lambda: futility.conditional_power(nan, 1, 0)),
    ("NaN drift", lambda: futility.conditional_power(1, 0.5, nan)),
    ("information beyond the end", lambda: futility.conditional_power(1, 1.5, 0)),
    ("looks ahead out of order", lambda: futility.crossing_power(1, 0.5, 0, [1, 0.75], UP)),
    ("NaN z before looks", lambda: futility.crossing_power(nan, 0.5, 0, [1], [2])),
    ("NaN trend", lambda: futility.trend(nan, 0.5)),
    ("NaN predicted", lambda: futility.predictive_power(nan, 1)),
    ("NaN critical", lambda: futility.predictive_power(1, 0.5, nan)),
    ("NaN time predicted", lambda: futility.predictive_crossing(1, nan, [1], [2])),
    ("limit in percent", lambda: futility.limit(lambda z: 0.5, 10)),
    ("a rate of two", lambda: futility.bayesian_predictive_probability(1, 2, 4, p0=2, success=0.9)),
    ("success in percent", lambda: futility.bayesian_predictive_probability(1, 2, 4, p0=0.5, success=90)),
    (
        "an improper prior",
        lambda: futility.bayesian_predictive_probability(1, 2, 4, p0=0.5, success=0.9, prior=(0, 0)),
    ),
    ("level of pairs", lambda: futility.paired_predictive_probability(1, 0, 2, 4, level=5)),
    (
        "an improper prior of pairs",
        lambda: futility.paired_predictive_probability(1, 0, 2, 4, level=0.05, prior=(1, 1, 0)),
    ),
    ("a share of two", lambda: paired.cells((2, 0.2))),
    ("a NaN share", lambda: paired.cells((nan, 0.2))),
    ("a NaN correlation", lambda: paired.cells((0.4, 0.2), nan)),
    ("minus ten people", lambda: paired.drift(-10, (0.4, 0.2))),
    ("a rate of events of two", lambda: safety_monitoring.exceedance(1, 5, p0=2)),
    ("an improper prior of events", lambda: safety_monitoring.exceedance(1, 5, prior=(0, 9))),
    ("a NaN prior of events", lambda: safety_monitoring.stops_at(5, prior=(nan, 9))),
    ("certainty in percent", lambda: safety_monitoring.stops(1, 5, certainty=95)),
    ("certainty of the boundary", lambda: safety_monitoring.boundary(5, certainty=1)),
    ("minus five planned", lambda: safety_monitoring.boundary(-5)),
    ("minus five treated", lambda: safety_monitoring.stops_at(-5)),
    ("NaN boundary simulated", lambda: simulation.Rules((nan,))),
    ("an odd direction", lambda: simulation.Rules((2.0,), direction=2)),
    ("looks simulated out of order", lambda: simulation.Normal((1.0, 0.4), 0)),
    ("NaN drift simulated", lambda: simulation.Normal((1.0,), nan)),
    ("completers out of order", lambda: simulation.Paired((30, 12), (0.4, 0.2))),
    ("events in percent", lambda: simulation.Events((12, 30), 5)),
    ("half a trial", lambda: simulation.sizes(0.5)),  # type: ignore[arg-type]
    ("response by 0 percent", lambda: response.OutcomeRules("BL", "D1", 0, 7, ())),
    ("response by NaN percent", lambda: response.OutcomeRules("BL", "D1", nan, 7, ())),  # type: ignore[arg-type]
    ("a NaN total", lambda: response.visit_outcome(20, nan, RULES)),  # type: ignore[arg-type]
    ("a total below 0", lambda: response.assess({"BL": 20, "D1": -1}, RULES)),
    ("a NaN baseline", lambda: response.points_needed(nan, RULES)),  # type: ignore[arg-type]
    (
        "a period twice",
        lambda: populations.membership(True, [populations.PeriodRecord(1, True, True, True)] * 2, [1]),
    ),
    ("an unknown state", lambda: flow.ParticipantFlow("completed", True, ("evaluabel",))),  # type: ignore[arg-type]
    ("a part of minus five", lambda: disclosure.withheld({"01": -5})),
    ("a part of NaN", lambda: disclosure.withheld({"01": nan})),  # type: ignore[dict-item]
]


@pytest.mark.parametrize("call", [call for _name, call in CASES], ids=[name for name, _call in CASES])
def test_it_is_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        call()


MODULES = (
    *(binary, crossover, difference, disclosure, futility, intervals, mixed, paired, recursion, reml),
    *(safety_monitoring, sequential, simulation, spending, spread, stagewise),
)
# What takes no number of its own: objects and functions that were checked, or are judged by `level` alone.
TAKES_NO_NUMBER = {
    *("crossover.unknown", "crossover.rounding", "binary.prescott"),
    *("simulation.block", "simulation.run", "simulation.total", "simulation.characteristics"),
}


def test_every_function_that_takes_numbers_is_asked_something_wrong() -> None:
    """A new function cannot be forgotten here."""
    calls = "".join(inspect.getsource(call) for _name, call in CASES)
    public = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and name[0] != "_"
    }
    assert {name for name in public if f"{name}(" not in calls} == TAKES_NO_NUMBER


def test_numbers_of_numpy_are_numbers() -> None:
    """Counts and shares come out of arrays as well."""
    checks.whole(n=np.int64(3))
    checks.finite(z=np.float64(1.5), n=3)
    checks.share(p=np.float64(1))
