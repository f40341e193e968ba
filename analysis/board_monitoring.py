"""The stopping rule at a look: the primary test, every boundary beside it, and the flag. Unblinded."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from scipy.special import ndtri

from analysis.board_flags import COMPARED, FLAGS, NEVER, crossed
from analysis.board_power import left
from analysis.domain import binary, sequential, stagewise
from enrollment.domain.protocol import StoppingRule

# What a look says, the gravest first: where several apply, the first is its flag.
# A p that no number can hold is as small as one can be: z stays finite, at 38.
SMALLEST = 5e-324


def monitoring(
    rule: StoppingRule,
    people: Sequence[Mapping[str, Sequence[Mapping[str, Any]]]],
    earlier: Mapping[int, int],
    number: int | None = None,
    today: date | None = None,
) -> dict[str, Any]:
    """McNemar's exact test of `people` (completers: arm → period rows) against the boundaries of the latest look due.

    Where a treatment comes in several periods it is the exact sign test of whether a participant responded more often with
    one or with the other, which with one period each is McNemar's: by chance, the signs are as likely either way.

    The exact two-sided p is put on the z scale, z = Φ⁻¹(1 − p/2), with the sign of the difference, to be held
    against the boundary. `earlier` as in `results`; `number`: the look, else the last one that is due, by `today`.
    """
    first, other = rule.compare
    pairs = [_responses(by[first], by[other]) for by in people if first in by and other in by]
    n = len(pairs)
    due = [look.number for look in rule.looks if look.due(n, today)]
    look = number or (due[-1] if due else None)
    result: dict[str, Any] = {
        "completers": n,
        "compare": [first, other],
        "periods": max((len(by[arm]) for by in people for arm in (first, other) if arm in by), default=1),
        "only_first": sum(one > two for one, two in pairs),
        "only_second": sum(one < two for one, two in pairs),
        "both": sum(one == two > 0 for one, two in pairs),
        "neither": sum(one == two == 0 for one, two in pairs),
        "spending": rule.spending,
        "test": rule.test,
        "alpha": rule.alpha,
        "sides": rule.sides,
        "look_due": look,
        "looks": _plan(rule),
        "flags": [],
        "flag": "no look due",
    }
    if look is not None:
        result |= _observed(rule, result["only_first"], result["only_second"])
        last = look == rule.looks[-1].number
        made = information(rule, look, n, earlier)
        result["information"] = made
        result["made"] = _made(rule, look, n, earlier)
        result["boundaries"] = result["made"][-1]["boundaries"]
        result["boundary"] = result["boundaries"][rule.spending]
        result["power"] = left(rule, look, result)
        result["ended"] = _ended(rule, made, result["z"], final=last)
        result["last"] = last
        result["flags"] = _flags(rule, result)
        result["flag"] = result["flags"][0] if result["flags"] else "continue"
    return result


def _responses(first: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """The share of a participant's periods with a response, with either treatment."""
    one, two = (sum(bool(row["response"]) for row in rows) / len(rows) for rows in (first, other))
    return one, two


def _flags(rule: StoppingRule, result: Mapping[str, Any]) -> list[str]:
    futile = result["power"] and result["power"]["futility"] and result["power"]["futility"]["reached"]
    found = {"efficacy": crossed(result, rule.spending), "futility": bool(futile)}
    return [name for name in FLAGS if found.get(name)]


def _ended(rule: StoppingRule, made: Sequence[float], z: float, *, final: bool) -> dict[str, Any]:
    """What a trial that ends at this look says, its looks allowed for, as drifts: expectations of z at information 1.

    `repeated`: the interval valid whatever made it end. An end that is not bounded is None.
    """
    upper = _boundary(rule, rule.spending, made, final=final)
    level = 1 - rule.alpha
    found = stagewise.after_stop(made, z, upper[:-1], sides=rule.sides, level=level)
    error = made[-1] ** -0.5
    repeated = sequential.repeated_intervals([found.naive], [error], [upper[-1]], rule.sides)[0]
    return {
        "p": found.p,
        "estimate": found.estimate,
        "interval": _finite(found.low, found.high),
        "repeated": _finite(*repeated),
        "naive": found.naive,
        "level": level,
    }


def _finite(low: float, high: float) -> list[float | None]:
    return [low, high if isfinite(high) else None]


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


def _made(rule: StoppingRule, look: int, n: int, earlier: Mapping[int, int]) -> list[dict[str, Any]]:
    """Each look up to `look` with the completers it had and every boundary at their information."""
    last = look == rule.looks[-1].number
    made = information(rule, look, n, earlier)
    values = {
        name: _boundary(rule, name, made, final=last) for name in dict.fromkeys([rule.spending, *COMPARED])
    }
    return [
        {
            "number": number,
            "completers": count,
            "boundaries": {name: value[place] for name, value in values.items()},
        }
        for place, (number, count) in enumerate(looks_made(rule, look, n, earlier).items())
    ]


def _observed(rule: StoppingRule, first: int, second: int) -> dict[str, float]:
    p = binary.mcnemar_exact(first, second)
    z = -float(ndtri(max(p / 2, SMALLEST))) * (1 if first >= second else -1)
    return {"p": p, "mid_p": binary.mcnemar_mid_p(first, second), "z": z}


def _boundary(rule: StoppingRule, name: str, made: Sequence[float], *, final: bool) -> tuple[float, ...]:
    """Critical z at the looks made. `final`: the last of them is the last planned, whose day may come early; it gets
    all error that is left. A look after the full information has none left to spend: nothing crosses there."""
    whole = rule.looks[-1].completers
    planned = [look.completers / whole for look in rule.looks]
    spent = next((n for n, t in enumerate(made, start=1) if t >= 1), len(made))
    values = sequential.boundary(name, made[:spent], rule.alpha, rule.sides, planned=planned, final=final)
    return (*values, *[NEVER] * (len(made) - spent))


def _plan(rule: StoppingRule) -> list[dict[str, Any]]:
    """Each planned look with every boundary at it."""
    final = rule.looks[-1].completers
    planned = [look.completers / final for look in rule.looks]
    values = {
        name: _boundary(rule, name, planned, final=True) for name in dict.fromkeys([rule.spending, *COMPARED])
    }
    return [
        {
            "number": look.number,
            "completers": look.completers,
            "boundary": values[rule.spending][index],
            "boundaries": {name: value[index] for name, value in values.items()},
        }
        for index, look in enumerate(rule.looks)
    ]
