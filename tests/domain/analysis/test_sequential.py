"""Boundaries, sizes and inference of group-sequential trials: published constants, R, and two other methods.

`tests/reference/monitoring.csv` is made by docs/statistics/monitoring.R (rpact). Published: Jennison & Turnbull
(1999), Group Sequential Methods, doi:10.1201/9780367805326, tables 2.1 to 2.4.
"""

import csv
from collections.abc import Iterator
from itertools import pairwise
from math import inf, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from analysis.domain.recursion import exit_probabilities
from analysis.domain.sequential import boundary, inflation, repeated_intervals
from analysis.domain.spending import spent
from analysis.domain.stagewise import after_stop

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "tests" / "reference" / "monitoring.csv"
NAMES = ("lan_demets_obf", "lan_demets_pocock", "obrien_fleming", "pocock", "haybittle_peto")


def equal(count: int) -> list[float]:
    return [look / count for look in range(1, count + 1)]


def reference(quantity: str) -> Iterator[tuple[str, list[float], float, int, list[float]]]:
    with REFERENCE.open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["quantity"] == quantity:
                plan, value = ([float(x) for x in row[key].split()] for key in ("information", "value"))
                yield row["spending"], plan, float(row["alpha"]), int(row["sides"]), value


@pytest.mark.requirement("STA-02")
@pytest.mark.parametrize(("looks", "constant"), [(2, 2.1783), (3, 2.2895), (4, 2.3613), (5, 2.4132)])
def test_pocock_constants(looks: int, constant: float) -> None:
    """Pocock's constants for equal looks, two-sided .05 (Jennison & Turnbull, table 2.1)."""
    assert [round(z, 4) for z in boundary("pocock", equal(looks))] == [constant] * looks


@pytest.mark.parametrize(("looks", "constant"), [(2, 1.9774), (3, 2.0040), (4, 2.0243), (5, 2.0401)])
def test_obrien_fleming_constants(looks: int, constant: float) -> None:
    """O'Brien and Fleming's constants for equal looks, two-sided .05 (Jennison & Turnbull, table 2.3)."""
    values = boundary("obrien_fleming", equal(looks))
    assert round(values[-1], 4) == constant
    assert values == pytest.approx([values[-1] * sqrt(looks / k) for k in range(1, looks + 1)])


def test_lan_demets_at_five_equal_looks() -> None:
    """The O'Brien–Fleming-like boundary as ldbounds and gsDesign print it."""
    expected = [4.8769, 3.3570, 2.6803, 2.2898, 2.0310]
    assert [round(z, 4) for z in boundary("lan_demets_obf", equal(5))] == expected


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lan_demets_obf", [3.3569, 1.9623]),
        ("lan_demets_pocock", [2.2239, 2.1651]),
        ("haybittle_peto", [3.0, 1.9704]),
    ],
)
def test_the_trials_own_looks(name: str, values: list[float]) -> None:
    """Twelve, then all thirty completers; the first look's value needs no knowledge of a second."""
    assert [round(z, 4) for z in boundary(name, [12 / 30, 1])] == values
    assert round(boundary(name, [12 / 30])[0], 4) == values[0]


def test_seven_against_none_crosses_only_pocock() -> None:
    """The source trial's stop: exact McNemar p = .015625 at 12 of 30 completers."""
    z = norm.isf(0.015625 / 2)
    crossed = [
        name for name in ("pocock", "obrien_fleming", "haybittle_peto") if z >= boundary(name, [0.4])[0]
    ]
    assert crossed == ["pocock"]


@pytest.mark.requirement("STA-02")
def test_boundaries_agree_with_r() -> None:
    """Five boundaries, six plans, one and two sides, two levels: rpact's values; its tolerance is about 1e-7.

    Far out in the tail a difference in z of more than that is less than rpact's tolerance in probability.
    """
    cases = 0
    for name, plan, alpha, sides, values in reference("boundary"):
        for found, value in zip(boundary(name, plan, alpha, sides), values, strict=True):
            close = found == pytest.approx(value, abs=1e-5) or abs(norm.sf(found) - norm.sf(value)) < 2e-7
            assert close, (name, plan, alpha, sides, found, value)
        cases += 1
    assert cases > 100


def test_sizes_agree_with_r() -> None:
    """Largest and mean sizes and exit probabilities at power .8 are rpact's."""
    for quantity in ("factor", "expected_null", "expected_design"):
        cases = list(reference({"factor": "inflation"}.get(quantity, quantity)))
        assert cases
        for name, plan, alpha, sides, (value,) in cases:
            found = getattr(inflation(name, plan, 0.8, alpha, sides), quantity)
            assert found == pytest.approx(value, abs=2e-6), (quantity, name, plan, alpha, sides)


@pytest.mark.parametrize(
    ("name", "power", "factors"),
    [
        ("pocock", 0.8, [1.110, 1.166, 1.202, 1.229]),
        ("pocock", 0.9, [1.100, 1.151, 1.183, 1.207]),
        ("obrien_fleming", 0.8, [1.008, 1.017, 1.024, 1.028]),
        ("obrien_fleming", 0.9, [1.007, 1.016, 1.022, 1.026]),
    ],
)
def test_published_inflation(name: str, power: float, factors: list[float]) -> None:
    """Jennison & Turnbull, tables 2.2 and 2.4, two-sided .05, two to five equal looks."""
    assert [round(inflation(name, equal(k), power).factor, 3) for k in (2, 3, 4, 5)] == factors


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("plan", [[0.4, 1], [0.2, 0.9, 1], [0.1, 0.4, 0.5, 1.0]])
def test_error_by_multivariate_normal_integration(name: str, sides: int, plan: list[float]) -> None:
    """The error of each boundary is alpha, as integrated by scipy over the joint normal of all looks."""
    upper = np.array(boundary(name, plan, 0.05, sides))
    lower = -upper if sides == 2 else np.full(len(plan), -np.inf)
    covariance = [[sqrt(min(s, t) / max(s, t)) for t in plan] for s in plan]
    joint = multivariate_normal(
        np.zeros(len(plan)), covariance, abseps=1e-7, releps=1e-7, maxpts=1_000_000, seed=1
    )
    assert 1 - joint.cdf(upper, lower_limit=lower) == pytest.approx(0.05, abs=2e-6)


def published_grid(looks: list[float], upper: list[float], drift: float, r: int = 32) -> list[float]:
    """Upper exits between ±upper on the grid of Jennison & Turnbull (1999), section 19.2, Simpson's weights."""

    def grid(t: float, u: float) -> tuple[np.ndarray, np.ndarray]:
        tail = [-3 - 4 * log(r / i) for i in range(1, r)]
        steps = np.array([*tail, *np.linspace(-3, 3, 4 * r + 1), *[-x for x in reversed(tail)]])
        x = np.clip(drift * sqrt(t) + steps, -u, u)
        x = np.unique(x)
        z = np.sort(np.concatenate([x, (x[:-1] + x[1:]) / 2]))
        gaps = np.diff(x) / 6
        w = np.zeros(len(z))
        w[:-1:2] += gaps
        w[1::2] += 4 * gaps
        w[2::2] += gaps
        return z, w

    exits, before, z, h = [], 0.0, np.array([0.0]), np.array([1.0])
    for t, u in zip(looks, upper, strict=True):
        step, s = t - before, z * sqrt(before) + drift * (t - before)
        exits.append(float(h @ norm.sf((u * sqrt(t) - s) / sqrt(step))))
        new, w = grid(t, u)
        h = w * (norm.pdf((new[:, None] * sqrt(t) - s[None, :]) / sqrt(step)) @ h) * sqrt(t / step)
        z, before = new, t
    return exits


@pytest.mark.parametrize("drift", [0.0, 1.5, 3.24])
@pytest.mark.parametrize("looks", [equal(2), equal(5), [0.2, 0.35, 0.8, 1.3]])
def test_exits_agree_with_the_published_grid(looks: list[float], drift: float) -> None:
    """Gauss–Legendre panels and the grid of Jennison & Turnbull give the same probabilities."""
    upper = [2.3 + 0.1 * k for k in range(len(looks))]
    exits = exit_probabilities(looks, [-u for u in upper], upper, drift)
    assert exits.upper == pytest.approx(published_grid(looks, upper, drift), abs=2e-7)


def test_exits_agree_with_r() -> None:
    """rpact's exit probabilities under the design's drift."""
    cases = list(reference("exits_design"))
    assert cases
    for name, plan, alpha, sides, values in cases:
        design = inflation(name, plan, 0.8, alpha, sides)
        upper = boundary(name, plan, alpha, sides)
        lower = [-z if sides == 2 else -inf for z in upper]
        found = exit_probabilities(plan, lower, upper, design.drift).upper
        assert found == pytest.approx(values, abs=1e-5), (name, plan, alpha, sides)


def test_exits_by_simulation() -> None:
    """An asymmetric region with a lower boundary: within four standard errors of 400,000 random paths."""
    looks, lower, upper, drift, n = [0.3, 0.45, 1.0], [-0.5, 0.2, 1.9], [2.8, 2.6, 1.9], 1.1, 400_000
    steps = np.random.default_rng(5).normal(
        drift * np.diff([0, *looks]), np.sqrt(np.diff([0, *looks])), (n, 3)
    )
    z = steps.cumsum(axis=1) / np.sqrt(looks)
    going, exits = np.full(n, True), exit_probabilities(looks, lower, upper, drift)
    for k in range(3):
        for side, share in ((z[:, k] >= upper[k], exits.upper[k]), (z[:, k] < lower[k], exits.lower[k])):
            assert (going & side).mean() == pytest.approx(share, abs=4 * sqrt(share / n))
        going &= (z[:, k] < upper[k]) & (z[:, k] >= lower[k])
    assert exits.crossing == pytest.approx(1, abs=1e-12)


def test_looks_close_together_stay_accurate() -> None:
    """A look a ten-thousandth later adds hardly any error and breaks nothing."""
    apart = exit_probabilities([0.5, 1.0], [-2.2, -2.2], [2.2, 2.2])
    close = exit_probabilities([0.5, 0.5001, 1.0], [-2.2, -9, -2.2], [2.2, 9, 2.2])
    assert close.crossing == pytest.approx(apart.crossing, abs=1e-11)


fractions = st.lists(st.integers(1, 99), min_size=0, max_size=5, unique=True).map(
    lambda percents: [*[p / 100 for p in sorted(percents)], 1.0]
)


@given(fractions, st.sampled_from(NAMES), st.sampled_from([1, 2]), st.sampled_from([0.01, 0.05, 0.1]))
@settings(max_examples=40, deadline=None)
def test_any_looks_spend_exactly_alpha(plan: list[float], name: str, sides: int, alpha: float) -> None:
    """Whatever the number and spacing of looks, the boundary's error under the null is alpha."""
    try:
        upper = boundary(name, plan, alpha, sides)
    except ValueError:
        assert name == "haybittle_peto"
        assert sum(norm.sf(3) for _ in plan) > alpha / sides
        return
    lower = [-z if sides == 2 else -inf for z in upper]
    assert exit_probabilities(plan, lower, upper).crossing == pytest.approx(alpha, abs=1e-8)


@given(fractions, st.sampled_from(NAMES[:2]))
@settings(max_examples=20, deadline=None)
def test_spending_never_looks_ahead(plan: list[float], name: str) -> None:
    """The value at a look is the same whatever looks follow."""
    whole = boundary(name, plan)
    for k in range(1, len(plan)):
        assert boundary(name, plan[:k]) == pytest.approx(whole[:k], abs=1e-9)


def test_two_sided_error_is_twice_the_one_sided() -> None:
    """The trap: the two-sided function is not the one-sided one at the whole alpha."""
    assert spent("lan_demets_obf", 0.4) == pytest.approx(2 * 2 * norm.sf(norm.isf(0.0125) / sqrt(0.4)))
    assert boundary("lan_demets_obf", equal(5), 0.025, 1)[0] == pytest.approx(4.8769, abs=5e-5)
    assert spent("lan_demets_obf", 0.4, 0.05, 1) > 2.4 * spent("lan_demets_obf", 0.4, 0.05, 2)


@pytest.mark.requirement("STA-02")
@pytest.mark.parametrize("name", NAMES)
def test_looks_off_plan_keep_alpha_and_the_values_used(name: str) -> None:
    """A moved look, an added one, an overrun and an underrun: alpha is kept, and no value used before changes."""
    planned = [0.4, 0.7, 1.0]
    first = boundary(name, [0.4], planned=planned)
    assert first == pytest.approx(boundary(name, planned)[:1], abs=1e-9)
    histories = [[0.4, 0.62, 1.0], [0.4, 0.7, 0.8, 0.9, 1.0], [0.4, 1.2], [0.4, 0.7, 0.97], [0.4, 0.9]]
    for looks in histories:
        final = looks[-1] < 1
        values = boundary(name, looks, planned=planned, final=final)
        for k in range(1, len(looks)):
            assert boundary(name, looks[:k], planned=planned) == pytest.approx(values[:k], abs=1e-9)
        exits = exit_probabilities(looks, [-z for z in values], values)
        assert exits.crossing == pytest.approx(0.05, abs=1e-9), (looks, values)


def test_haybittle_peto_stays_at_three_off_plan() -> None:
    """An interim look at any time is held against 3."""
    assert boundary("haybittle_peto", [0.3, 0.6, 0.8], planned=[0.5, 1.0]) == (3.0, 3.0, 3.0)


def test_a_very_early_look_gets_a_finite_value() -> None:
    """Nothing can be spent, and the value can still be stored and drawn."""
    values = boundary("lan_demets_obf", [0.001, 0.01, 1.0])
    assert 30 < values[0] < 38
    assert 20 < values[1] < values[0]
    assert values[2] == pytest.approx(norm.isf(0.025), abs=1e-6)


def test_one_look_is_no_sequential_test() -> None:
    """With one look every boundary is the ordinary critical value, and the size is not inflated."""
    for name in NAMES:
        assert boundary(name, [1.0], 0.05, 2) == pytest.approx([1.959963985], abs=1e-8)
        assert boundary(name, [1.0], 0.05, 1) == pytest.approx([1.644853627], abs=1e-8)
    assert inflation("pocock", [1.0]).factor == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "looks", "alpha", "sides", "told"),
    [
        ("pocock", [], 0.05, 2, "positive and increase"),
        ("pocock", [0.0, 1.0], 0.05, 2, "positive and increase"),
        ("pocock", [0.5, 0.5], 0.05, 2, "positive and increase"),
        ("pocock", [0.5, float("nan")], 0.05, 2, "positive and increase"),
        ("pocock", [0.5, float("inf")], 0.05, 2, "finite"),
        ("lan_demets_obf", [1.0, 1.1], 0.05, 2, "no look can follow"),
        ("wang_tsiatis", [0.5, 1.0], 0.05, 2, "not 'wang_tsiatis'"),
        ("pocock", [0.5, 1.0], 0.05, 3, "one or two sides"),
        ("pocock", [0.5, 1.0], 0.0, 2, "alpha must lie"),
        ("pocock", [0.5, 1.0], 0.5, 1, "alpha must lie"),
        ("haybittle_peto", equal(10), 0.01, 2, "spend more"),
    ],
)
def test_mistakes_are_named(name: str, looks: list[float], alpha: float, sides: int, told: str) -> None:
    """A wrong request stops with what is wrong."""
    with pytest.raises(ValueError, match=told):
        boundary(name, looks, alpha, sides)


def test_more_mistakes_are_named() -> None:
    """Plans that do not end, powers out of reach, sequences that do not match, missing boundaries."""
    with pytest.raises(ValueError, match="a plan ends"):
        boundary("pocock", [0.4], planned=[0.4, 0.9])
    with pytest.raises(ValueError, match="whole plan"):
        inflation("pocock", [0.4, 0.9])
    with pytest.raises(ValueError, match="power"):
        inflation("pocock", [0.4, 1.0], power=0.02)
    with pytest.raises(ValueError, match="for each look"):
        exit_probabilities([0.4, 1.0], [-2], [2, 2])
    with pytest.raises(ValueError, match="for each look"):
        repeated_intervals([0.1], [0.1, 0.2], [2.0])
    with pytest.raises(ValueError, match="above 0"):
        repeated_intervals([0.1], [0.0], [2.0])
    with pytest.raises(ValueError, match="spending function must be"):
        spent("pocock", 0.5)
    with pytest.raises(ValueError, match="boundary for each look"):
        after_stop([0.4, 1.0], 2.0, upper=[])
    with pytest.raises(ValueError, match="finite z"):
        after_stop([0.4], inf, upper=[])


def test_final_inference_agrees_with_r() -> None:
    """rpact's stage-wise p-value, median-unbiased estimate and interval of a mean, ended at its second look."""
    ((_, looks, _, _, (p,)),) = reference("final_p")
    ((*_, (estimate,)),) = reference("final_estimate")
    ((*_, interval),) = reference("final_interval")
    upper = boundary("lan_demets_obf", [0.4], 0.025, 1)
    one = after_stop(looks, 0.35 * sqrt(70), upper, sides=1, level=0.975)
    assert (one.p, one.estimate, one.low) == pytest.approx((p, estimate, interval[0]), abs=2e-6)
    assert one.naive == pytest.approx(0.35)
    both = after_stop(looks, 0.35 * sqrt(70), upper, lower=[-inf], level=0.95)
    assert (both.low, both.high) == pytest.approx(interval, abs=2e-6)


def test_repeated_intervals_agree_with_r() -> None:
    """rpact's repeated intervals of the same mean at both looks."""
    ((_, looks, *_),) = reference("repeated_interval_1")
    upper = boundary("lan_demets_obf", [0.4, 0.7])
    found = repeated_intervals([0.1, 0.35], [1 / sqrt(n) for n in looks], upper)
    for k, interval in enumerate(found, start=1):
        ((*_, expected),) = reference(f"repeated_interval_{k}")
        assert interval == pytest.approx(expected, abs=1e-5)


def test_final_p_by_multivariate_normal_integration() -> None:
    """One minus the joint probability of staying within at both looks and below z at the third."""
    looks, upper, z = [0.3, 0.6, 1.0], [2.7, 2.5], 2.1
    covariance = [[sqrt(min(s, t) / max(s, t)) for t in looks] for s in looks]
    up = 0.0
    for k, value in enumerate([*upper, z]):
        joint = multivariate_normal(
            np.zeros(k + 1), np.array(covariance)[: k + 1, : k + 1], abseps=1e-9, seed=2
        )
        up += joint.cdf([*upper[:k], inf], lower_limit=[*[-u for u in upper[:k]], value])
    assert after_stop(looks, z, upper).p == pytest.approx(2 * up, abs=1e-6)


@given(fractions, st.sampled_from(NAMES), st.sampled_from([1, 2]))
@settings(max_examples=20, deadline=None)
def test_p_is_alpha_at_the_last_boundary(plan: list[float], name: str, sides: int) -> None:
    """The final p-value and the boundary never disagree."""
    upper = boundary(name, plan, 0.1, sides)
    assert after_stop(plan, upper[-1], upper, sides=sides).p == pytest.approx(0.1, abs=1e-8)


@given(fractions, st.floats(-4, 4), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_final_inference_mirrors_and_scales(plan: list[float], z: float, unit: float) -> None:
    """Swapping the treatments swaps the signs; another unit of information rescales the effect only."""
    upper = boundary("lan_demets_pocock", plan)
    one, other = after_stop(plan, z, upper), after_stop([unit * t for t in plan], -z, upper)
    assert one.p == pytest.approx(other.p, abs=1e-9)
    scale = sqrt(unit)
    for here, there in ((one.estimate, other.estimate), (one.low, other.high), (one.high, other.low)):
        assert here == pytest.approx(-there * scale, abs=1e-6)
    assert one.low < one.estimate < one.high


def test_a_stop_at_the_first_look_gives_ordinary_figures() -> None:
    """Nothing was looked at before: p, estimate and interval are those of a single analysis."""
    result = after_stop([0.4], 3.5, upper=[])
    assert result.p == pytest.approx(2 * norm.sf(3.5))
    assert result.estimate == pytest.approx(result.naive)
    assert result.low == pytest.approx((3.5 - norm.isf(0.025)) / sqrt(0.4))


def test_estimate_is_median_unbiased_and_the_interval_covers() -> None:
    """Of 1,000 random trials half estimate too high, and 95 % of intervals cover, within four standard errors."""
    looks, drift, n = [0.4, 0.7, 1.0], 2.5, 1_000
    upper = boundary("pocock", looks)
    steps = np.random.default_rng(11).normal(
        drift * np.diff([0, *looks]), np.sqrt(np.diff([0, *looks])), (n, 3)
    )
    above = covered = 0
    for path in steps.cumsum(axis=1) / np.sqrt(looks):
        k = next((k for k in range(3) if abs(path[k]) >= upper[k]), 2)
        result = after_stop(looks[: k + 1], path[k], upper)
        above += result.estimate > drift
        covered += result.low <= drift <= result.high
    assert above / n == pytest.approx(0.5, abs=4 * sqrt(0.25 / n))
    assert covered / n == pytest.approx(0.95, abs=4 * sqrt(0.05 * 0.95 / n))


def test_repeated_intervals_exclude_nothing_before_the_boundary() -> None:
    """An interval excludes 0 at the looks where the boundary is crossed, and one side has no upper end."""
    upper = boundary("obrien_fleming", equal(3))
    se = [1 / sqrt(t) for t in equal(3)]
    for shift in (-0.01, 0.01):
        found = repeated_intervals([(z + shift) * e for z, e in zip(upper, se, strict=True)], se, upper)
        assert all((low > 0) == (shift > 0) for low, _ in found)
    assert repeated_intervals([1.0], [0.1], [2.0], sides=1) == ((0.8, inf),)


def test_information_grows_in_pairs() -> None:
    """The exits' mean information lies between the first and the last look."""
    for name in NAMES:
        upper = boundary(name, equal(4))
        means = [
            exit_probabilities(equal(4), [-z for z in upper], upper, d).expected_information
            for d in (0, 2, 4, 8)
        ]
        assert all(a > b for a, b in pairwise(means))
        assert 0.25 <= means[-1] < means[0] <= 1
