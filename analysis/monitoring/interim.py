"""The stopping rule at a look: the primary test, every boundary beside it, and the flag. Unblinded."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite

from scipy.special import ndtri

from analysis.domain import binary, sequential, stagewise
from analysis.interim_data import InterimPeriod
from analysis.monitoring.figures import EndFigures, Flag, LookBoundaries, LookTest, MonitoringFigures
from analysis.monitoring.flags import COMPARED, FLAGS, NEVER, crossed
from analysis.monitoring.power import PairCounts, chances_left
from enrollment.protocol.model import StoppingRule

# A p that no number can hold is as small as one can be: z stays finite, at 38.
SMALLEST = 5e-324


def monitoring(
    rule: StoppingRule,
    completers: Sequence[Mapping[str, Sequence[InterimPeriod]]],
    earlier: Mapping[int, int],
    number: int | None = None,
    today: date | None = None,
) -> MonitoringFigures:
    """McNemar's exact test of `completers` (arm → period rows, of each) against the boundaries of the latest look due.

    Where a treatment comes in several periods it is the exact sign test of whether a participant responded more often with
    one or with the other, which with one period each is McNemar's: by chance, the signs are as likely either way.

    The exact two-sided p is put on the z scale, z = Φ⁻¹(1 − p/2), with the sign of the difference, to be held
    against the boundary. `earlier` as in `results`; `number`: the look, else the last one that is due, by `today`.
    """
    first, second = rule.compare
    pairs = [_responses(by[first], by[second]) for by in completers if first in by and second in by]
    n = len(pairs)
    due = [look.number for look in rule.looks if look.due(n, today)]
    look = number or (due[-1] if due else None)
    only_first = sum(with_first > with_second for with_first, with_second in pairs)
    only_second = sum(with_first < with_second for with_first, with_second in pairs)
    test = None
    if look is not None:
        test = _test(rule, look, PairCounts(n, only_first, only_second), earlier)
    return MonitoringFigures(
        completers=n,
        compare=(first, second),
        periods=max((len(by[arm]) for by in completers for arm in (first, second) if arm in by), default=1),
        only_first=only_first,
        only_second=only_second,
        both=sum(with_first == with_second > 0 for with_first, with_second in pairs),
        neither=sum(with_first == with_second == 0 for with_first, with_second in pairs),
        spending=rule.spending,
        sides=rule.sides,
        plan=_plan(rule),
        test=test,
        flags=_flags(rule, test) if test else (),
    )


def _responses(first: Sequence[InterimPeriod], second: Sequence[InterimPeriod]) -> tuple[float, float]:
    """The share of a participant's periods with a response, with either treatment."""
    with_first, with_second = (
        sum(bool(row.response) for row in rows) / len(rows) for rows in (first, second)
    )
    return with_first, with_second


def _test(rule: StoppingRule, look: int, counts: PairCounts, earlier: Mapping[int, int]) -> LookTest:
    p = binary.mcnemar_exact(counts.only_first, counts.only_second)
    z = -float(ndtri(max(p / 2, SMALLEST))) * (1 if counts.only_first >= counts.only_second else -1)
    fractions = information(rule, look, counts.completers, earlier)
    looks = _made(rule, look, counts.completers, earlier)
    last = look == rule.looks[-1].number
    return LookTest(
        number=look,
        p=p,
        z=z,
        information=tuple(fractions),
        boundaries=looks[-1].boundaries,
        made=looks,
        chances=chances_left(rule, look, z, fractions, counts),
        ended=_ended(rule, fractions, z, final=last),
        last=last,
    )


def _flags(rule: StoppingRule, test: LookTest) -> tuple[Flag, ...]:
    raised = {
        "efficacy": crossed(test.z, test.boundaries[rule.spending], rule.sides),
        "futility": bool(test.chances and test.chances.futility and test.chances.futility.reached),
    }
    return tuple(name for name in FLAGS if raised.get(name))


def _ended(rule: StoppingRule, fractions: Sequence[float], z: float, *, final: bool) -> EndFigures:
    """`repeated`: the interval valid whatever made it end. An end that is not bounded is None."""
    upper = _boundary(rule, rule.spending, fractions, final=final)
    level = 1 - rule.alpha
    stage_wise = stagewise.after_stop(fractions, z, upper[:-1], sides=rule.sides, level=level)
    error = fractions[-1] ** -0.5
    repeated = sequential.repeated_intervals([stage_wise.naive], [error], [upper[-1]], rule.sides)[0]
    return EndFigures(
        p=stage_wise.p,
        estimate=stage_wise.estimate,
        interval=_finite(stage_wise.low, stage_wise.high),
        repeated=_finite(*repeated),
        naive=stage_wise.naive,
        level=level,
    )


def _finite(low: float, high: float) -> tuple[float, float | None]:
    return low, high if isfinite(high) else None


def looks_made(rule: StoppingRule, look: int, n: int, earlier: Mapping[int, int]) -> dict[int, int]:
    """Number → completers of the looks up to `look`, which has `n`; the completers increase.

    A look that was frozen counts with the completers it had; one that was passed over counts as planned, which
    is never too liberal.
    """
    before = {earlier.get(k.number, k.completers): k.number for k in rule.looks if k.number < look}
    counts = {**{count: number for count, number in before.items() if count < n}, n: look}
    return {number: count for count, number in sorted(counts.items())}


def information(rule: StoppingRule, look: int, n: int, earlier: Mapping[int, int]) -> list[float]:
    """Fractions of the full information at the looks up to `look`: see `looks_made`."""
    final = rule.looks[-1].completers
    return [count / final for count in looks_made(rule, look, n, earlier).values()]


def _made(rule: StoppingRule, look: int, n: int, earlier: Mapping[int, int]) -> tuple[LookBoundaries, ...]:
    """Each look up to `look` with the completers it had and every boundary at their information."""
    last = look == rule.looks[-1].number
    counts = looks_made(rule, look, n, earlier)
    return _with_boundaries(rule, counts, information(rule, look, n, earlier), final=last)


def _with_boundaries(
    rule: StoppingRule, counts: Mapping[int, int], fractions: Sequence[float], *, final: bool
) -> tuple[LookBoundaries, ...]:
    """`counts`: number of the look → completers; `fractions`: their information."""
    values = {
        name: _boundary(rule, name, fractions, final=final)
        for name in dict.fromkeys([rule.spending, *COMPARED])
    }
    return tuple(
        LookBoundaries(number, count, {name: value[place] for name, value in values.items()})
        for place, (number, count) in enumerate(counts.items())
    )


def _boundary(rule: StoppingRule, name: str, fractions: Sequence[float], *, final: bool) -> tuple[float, ...]:
    """Critical z at the looks made. `final`: the last of them is the last planned, whose day may come early; it gets
    all error that is left. A look after the full information has none left to spend: nothing crosses there."""
    whole = rule.looks[-1].completers
    planned = [look.completers / whole for look in rule.looks]
    spent = next((n for n, t in enumerate(fractions, start=1) if t >= 1), len(fractions))
    values = sequential.boundary(
        name, fractions[:spent], rule.alpha, rule.sides, planned=planned, final=final
    )
    return (*values, *[NEVER] * (len(fractions) - spent))


def _plan(rule: StoppingRule) -> tuple[LookBoundaries, ...]:
    """Each planned look with every boundary at it."""
    counts = {look.number: look.completers for look in rule.looks}
    fractions = [count / rule.looks[-1].completers for count in counts.values()]
    return _with_boundaries(rule, counts, fractions, final=True)
