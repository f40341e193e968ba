"""Group-sequential boundaries, the size of a trial that uses them, and intervals valid at every look.

Names of boundaries: "pocock" (1977), doi:10.1093/biomet/64.2.191; "obrien_fleming" (1979), doi:10.2307/2530245;
"haybittle_peto", Haybittle (1971), doi:10.1259/0007-1285-44-526-793, and Peto et al. (1976),
doi:10.1038/bjc.1976.220; "lan_demets_obf" and "lan_demets_pocock", Lan & DeMets (1983),
doi:10.1093/biomet/70.3.659. The process behind them and its assumptions: analysis/domain/recursion.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from sys import float_info

from scipy.optimize import brentq
from scipy.special import ndtri

from analysis.domain import checks
from analysis.domain.recursion import REACH, Walk, check_information, exit_probabilities
from analysis.domain.spending import FUNCTIONS, spent

HAYBITTLE_PETO = 3.0
# Below this much error the chance of having stopped before is beyond what the integration resolves.
NEGLIGIBLE = 1e-18
Interval = tuple[float, float]


def boundary(
    spending: str,
    information: Sequence[float],
    alpha: float = 0.05,
    sides: int = 2,
    *,
    planned: Sequence[float] | None = None,
    final: bool = False,
) -> tuple[float, ...]:
    """Critical values at the looks made so far: of |Z| with two sides, of Z with one; stop where it is reached.

    `information`: fractions t₁ < … < tₖ of the full information at the looks made. The last may exceed 1
    (overrun). `final`: the last look is the last of all although its fraction is below 1 (underrun): it gets all
    error that is left. `alpha`: error of all sides together; two-sided alpha is spent as twice the one-sided
    function at alpha/2.

    Spending functions solve P(first crossing at look k) = α(tₖ) − α(tₖ₋₁) look by look and need no plan. The others
    have a shape with one constant c, solved for error `alpha` over the whole plan: Pocock uₖ = c,
    O'Brien–Fleming uₖ = c·√(t_K/tₖ), Haybittle–Peto uₖ = 3 and u_K = c. Their plan is `planned`; without it, the
    looks given, completed by one at 1. Look k stands for planned look k. Where it departs from the plan, c is
    solved again for it and the planned looks still ahead: values already used never change, and the error in all
    stays `alpha`.

    Edges: a look so early that nothing can be spent gets a large finite value (at most 37.6), never crossed. Not
    valid where the time of a look was chosen for what the data showed. Raises ValueError for fractions that do not
    increase, a look after 1, an unknown name, or an `alpha` that looks at Z = 3 exceed already.

    >>> [round(z, 4) for z in boundary("lan_demets_obf", [12 / 30, 1])]
    [3.3569, 1.9623]
    >>> [round(z, 4) for z in boundary("pocock", [12 / 30, 1])]
    [2.1933, 2.1933]
    """
    looks = _fractions(information)
    checks.error(alpha, sides)
    checks.one_of("boundary", spending, (*FUNCTIONS, *SHAPES))
    if spending in FUNCTIONS:
        return _spend(lambda t: spent(spending, t, alpha, sides) / sides, looks, alpha / sides, sides, final)
    plan = _plan(looks, planned, final)
    return _follow(SHAPES[spending], looks, plan, alpha / sides, sides, final)


def _fractions(information: Sequence[float]) -> tuple[float, ...]:
    looks = check_information(information)
    if any(t >= 1 for t in looks[:-1]):
        raise ValueError("all error is spent at information 1: no look can follow it")
    return looks


def _plan(looks: tuple[float, ...], planned: Sequence[float] | None, final: bool) -> tuple[float, ...]:
    if planned is not None:
        plan = _fractions(planned)
        if plan[-1] < 1:
            raise ValueError("a plan ends with a look at information 1")
        return plan
    return looks if final or looks[-1] >= 1 else (*looks, 1.0)


Shape = Callable[[float, tuple[float, ...]], tuple[float, ...]]
SHAPES: dict[str, Shape] = {
    "pocock": lambda c, ahead: (c,) * len(ahead),
    "obrien_fleming": lambda c, ahead: tuple(c * sqrt(ahead[-1] / t) for t in ahead),
    "haybittle_peto": lambda c, ahead: (*(HAYBITTLE_PETO,) * (len(ahead) - 1), c),
}


def _follow(
    shape: Shape, looks: tuple[float, ...], plan: tuple[float, ...], tail: float, sides: int, final: bool
) -> tuple[float, ...]:
    """Walk along the looks; where one departs from the looks expected, solve the constant for those still ahead."""
    values = list[float]()
    ahead, shaped = tuple[float, ...](), tuple[float, ...]()
    for number, t in enumerate(looks):
        last = t >= 1 or (final and number == len(looks) - 1)
        expected = (t,) if last else (t, *([p for p in plan[number + 1 :] if p > t] or [1.0]))
        if expected != ahead:
            ahead, shaped = expected, _solve(shape, looks[:number], values, expected, tail, sides)
        values.append(shaped[0])
        ahead, shaped = ahead[1:], shaped[1:]
    return tuple(values)


def _solve(
    shape: Shape,
    past: tuple[float, ...],
    used: list[float],
    ahead: tuple[float, ...],
    tail: float,
    sides: int,
) -> tuple[float, ...]:
    """Values for the looks ahead, so that with those already used the error of one side is `tail`."""

    def excess(c: float) -> float:
        upper = [*used, *shape(c, ahead)]
        lower = [-z if sides == 2 else -inf for z in upper]
        return sum(exit_probabilities((*past, *ahead), lower, upper).upper) - tail

    if excess(REACH) > 0:
        raise ValueError("the looks before the last spend more than the error allowed: choose a larger alpha")
    return shape(float(brentq(excess, 0.0, REACH, xtol=1e-11)), ahead)


def _spend(
    function: Callable[[float], float], looks: tuple[float, ...], tail: float, sides: int, final: bool
) -> tuple[float, ...]:
    walk, before, values = Walk(looks), 0.0, list[float]()
    for number, t in enumerate(looks, start=1):
        last = number == len(looks)
        now = tail if last and (final or t >= 1) else function(t)
        values.append(_critical(walk, now - before, sides))
        if not last:
            walk.proceed(-values[-1] if sides == 2 else -inf, values[-1])
        before = now
    return tuple(values)


def _critical(walk: Walk, step: float, sides: int) -> float:
    """The z above which trials that go on are found with probability `step`."""
    if step < NEGLIGIBLE:
        return -float(ndtri(max(step, float_info.min)))
    return float(brentq(lambda z: walk.above(z) - step, 0.0 if sides == 2 else -REACH, REACH, xtol=1e-12))


@dataclass(frozen=True, slots=True)
class Inflation:
    """The size of a group-sequential trial against one without looks, of the same error and power.

    `factor`: its largest size; `expected_null`, `expected_design`: its mean size without effect and with the effect
    it is planned for; all as multiples of the size without looks. `drift`: the expectation of Z at full information.
    """

    factor: float
    expected_null: float
    expected_design: float
    drift: float


def inflation(
    spending: str, information: Sequence[float], power: float = 0.9, alpha: float = 0.05, sides: int = 2
) -> Inflation:
    """By how much looks enlarge a trial: R = (η / (z₁₋α + z_power))², α of one side.

    η: the drift at which the upper boundary is crossed with probability `power`. Multiply the sample size of the
    design without looks by `factor`, and round up. `information`: the fractions of all looks, the last 1. The chance
    of crossing on the wrong side is not counted as power. Jennison & Turnbull (1999), section 2.3,
    doi:10.1201/9780367805326. Raises ValueError unless alpha of one side < power < 1 and the last fraction is 1.

    >>> round(inflation("pocock", [0.2, 0.4, 0.6, 0.8, 1.0]).factor, 3)
    1.207
    """
    looks = _fractions(information)
    if abs(looks[-1] - 1) > 1e-9:
        raise ValueError("inflation needs the whole plan: the last information fraction is 1")
    upper = boundary(spending, looks, alpha, sides)
    lower = [-z if sides == 2 else -inf for z in upper]
    if not alpha / sides < power < 1:
        raise ValueError(f"power must lie between {alpha / sides:g} and 1, found {power}")
    fixed = float(ndtri(power) - ndtri(alpha / sides))
    drift = float(
        brentq(
            lambda d: sum(exit_probabilities(looks, lower, upper, d).upper) - power,
            0.0,
            fixed + 4,
            xtol=1e-10,
        )
    )
    factor = (drift / fixed) ** 2
    null, design = (exit_probabilities(looks, lower, upper, d).expected_information for d in (0.0, drift))
    return Inflation(factor, factor * null, factor * design, drift)


def repeated_intervals(
    estimates: Sequence[float], errors: Sequence[float], critical: Sequence[float], sides: int = 2
) -> tuple[Interval, ...]:
    """Intervals that all hold at once with probability 1 − alpha, whatever the reason to stop: θ̂ₖ ± uₖ·SEₖ.

    `estimates`, `errors`: the estimate and its standard error at each look; `critical`: uₖ, from `boundary`. With one
    side the upper end is ∞ and the level 1 − alpha is that of the lower end. They exclude 0 exactly where the
    boundary is crossed. Wide: once a trial has stopped by its boundary, `stagewise.after_stop` is shorter. Assumes
    estimates near normal with information 1/SE². Jennison & Turnbull (1989),
    doi:10.1111/j.2517-6161.1989.tb01433.x. Raises ValueError for sequences of different length, an SE or a critical value
    not above 0, and anything that is no number.

    >>> repeated_intervals([0.58], [0.14], [2.1933])[0][0] > 0
    True
    """
    if not len(estimates) == len(errors) == len(critical):
        raise ValueError("needs one estimate, standard error and critical value for each look")
    checks.one_of("sides", sides, (1, 2))
    for theta in estimates:
        checks.finite(estimate=theta)
    if any(not (value > 0 and isfinite(value)) for value in (*errors, *critical)):
        raise ValueError("standard errors and critical values must be above 0")
    return tuple(
        (theta - z * se, theta + z * se if sides == 2 else inf)
        for theta, se, z in zip(estimates, errors, critical, strict=True)
    )
