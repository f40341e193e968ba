"""Operating characteristics by simulation agree with what integration says, and depend on the seed alone."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from analysis.domain import paired, simulation
from analysis.domain.recursion import exit_probabilities
from analysis.domain.sequential import boundary
from analysis.domain.simulation import Characteristics


def of_normal(
    looks: list[float], limits: Sequence[float], drift: float, trials: int, seed: int
) -> Characteristics:
    """A design of z statistics, tested with two sides."""
    model = simulation.Normal(tuple(looks), drift)
    return simulation.run(model, simulation.Rules(tuple(limits)), trials=trials, seed=seed)


def of_pairs(model: simulation.Paired, levels: list[float], trials: int, seed: int) -> Characteristics:
    """McNemar's exact test at these two-sided levels."""
    upper = tuple(float(z) for z in stats.norm.isf(np.asarray(levels) / 2))
    return simulation.run(model, simulation.Rules(upper), trials=trials, seed=seed)


@pytest.mark.parametrize("kind", ["pocock", "obrien_fleming", "lan_demets_obf", "haybittle_peto"])
def test_a_million_trials_keep_the_level(kind: str) -> None:
    """Type I error 5 % within four Monte Carlo errors; and look by look what the recursion integrates."""
    looks = [0.4, 0.7, 1.0]
    limits = boundary(kind, looks)
    found = of_normal(looks, limits, 0.0, 1_000_000, 20260701)
    assert abs(found.crossing.value - 0.05) < 4 * found.crossing.error
    exits = exit_probabilities(looks, [-z for z in limits], list(limits))
    for look, share in enumerate(found.stopped[:-1]):
        expected = exits.upper[look] + exits.lower[look]
        assert abs(share.value - expected) < 4 * max(share.error, 1e-6)


def test_power_is_what_the_recursion_says() -> None:
    looks, drift = [0.4, 1.0], 3.0
    limits = boundary("lan_demets_obf", looks)
    found = of_normal(looks, limits, drift, 400_000, 5)
    exits = exit_probabilities(looks, [-z for z in limits], list(limits), drift)
    assert abs(found.crossing.value - exits.crossing) < 4 * found.crossing.error
    assert found.expected.value < 1


def test_the_exact_paired_test_keeps_its_level_and_is_conservative() -> None:
    """At 12 and 30 completers the exact test spends less than it may."""
    found = of_pairs(simulation.Paired((12, 30), (0.4, 0.4), 0.2), [0.0008, 0.0497], 200_000, 9)
    assert found.crossing.value < 0.05
    assert sum(share.value for share in found.stopped) == pytest.approx(1)


def test_no_difference_in_expectation_means_no_side() -> None:
    """Without correlation the discordant cells have the probabilities p(1 − q) and q(1 − p)."""
    found = of_pairs(simulation.Paired((400,), (0.9, 0.1)), [1e-12], 2_000, 2)
    assert found.crossing.value == 1


def test_the_same_seed_gives_the_same_answer_and_another_does_not() -> None:
    def run(seed: int) -> Characteristics:
        return of_normal([0.5, 1], [2.8, 2.0], 1.0, 120_000, seed)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_block_is_the_same_whoever_draws_it() -> None:
    """The first block of a long run is the only block of a short one."""
    stream = np.random.SeedSequence(4).spawn(3)[0]
    assert stream.spawn_key == np.random.SeedSequence(4).spawn(1)[0].spawn_key


@pytest.mark.parametrize(("responses", "correlation"), [((0.9, 0.1), 0.9), ((0.5, 0.5), -1.2)])
def test_an_impossible_correlation_is_refused(responses: tuple[float, float], correlation: float) -> None:
    with pytest.raises(ValueError, match=r"do not allow|from -1 to 1"):
        simulation.Paired((10,), responses, correlation)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        of_normal([1.0], [2.0], 0, 0, 1)


RULES = simulation.Rules((2.8, 1.98), futile=(0.25, None), harmful=(3, 5))
EVENTS = simulation.Events((10, 20), 0.1)
MODEL = simulation.Normal((0.5, 1.0), 1.0)


def test_every_trial_ends_once_and_for_one_reason() -> None:
    """Stopped at a look is efficacy, futility and safety together; what is left ends at the last."""
    found = simulation.run(MODEL, RULES, trials=60_000, seed=1, events=EVENTS)
    first = found.efficacy[0].value + found.futility[0].value + found.safety[0].value
    assert found.stopped[0].value == pytest.approx(first)
    assert sum(share.value for share in found.stopped) == pytest.approx(1)
    assert found.futility[1].value == 0
    assert found.success.value == pytest.approx(found.efficacy[0].value + found.efficacy[1].value)
    assert found.expected.value == pytest.approx(1 - 0.5 * first)


def test_safety_stops_as_often_as_the_binomial_says() -> None:
    """Three events or more of ten, each with probability .1: .0702, whatever the treatments do."""
    found = simulation.run(MODEL, RULES, trials=200_000, seed=2, events=EVENTS)
    assert abs(found.safety[0].value - float(stats.binom.sf(2, 10, 0.1))) < 4 * found.safety[0].error


def test_futility_stops_as_often_as_the_integration_says() -> None:
    """With one side: between −∞ and the limit at the first look; what crosses later is less than without the rule."""
    rules = simulation.Rules((2.8, 1.98), sides=1, futile=(0.25, None))
    found = simulation.run(MODEL, rules, trials=400_000, seed=3)
    exits = exit_probabilities([0.5, 1.0], [0.25, -np.inf], [2.8, 1.98], 1.0)
    assert abs(found.futility[0].value - exits.lower[0]) < 4 * found.futility[0].error
    assert abs(found.success.value - sum(exits.upper)) < 4 * found.success.error
    alone = exit_probabilities([0.5, 1.0], [-np.inf, -np.inf], [2.8, 1.98], 1.0)
    assert abs(found.crossing.value - sum(alone.upper)) < 4 * found.crossing.error


@pytest.mark.parametrize(("direction", "halted"), [(1, True), (-1, False)])
def test_futility_may_ask_for_one_direction(direction: int, halted: bool) -> None:
    """A strong effect downwards is futile where upwards was planned, and not where downwards was."""
    rules = simulation.Rules((99.0, 99.0), futile=(0.0, None), direction=direction)
    found = simulation.run(simulation.Normal((0.5, 1.0), -20.0), rules, trials=1000, seed=4)
    assert (found.futility[0].value == 1) is halted


def test_the_monte_carlo_error_is_the_spread_over_seeds() -> None:
    """√(p(1 − p)/N) and s/√N: two hundred runs of 5000 trials scatter as each of them says (chi-square, 199 df)."""
    runs = [simulation.run(MODEL, RULES, trials=5_000, seed=seed) for seed in range(200)]
    for values, said in (
        ([run.crossing.value for run in runs], runs[0].crossing.error),
        ([run.expected.value for run in runs], runs[0].expected.error),
    ):
        ratio = np.var(values, ddof=1) / said**2
        assert stats.chi2.ppf(1e-4, 199) / 199 < ratio < stats.chi2.ppf(1 - 1e-4, 199) / 199


def test_the_paired_test_agrees_with_every_table_counted() -> None:
    """One look at six participants: the share of samples with p ≤ .05, over all tables, with their multinomial weight."""
    shares = paired.cells((0.9, 0.1))
    expected = sum(
        stats.multinomial.pmf([b, c, d, 6 - b - c - d], 6, shares)
        for b in range(7)
        for c in range(7 - b)
        for d in range(7 - b - c)
        if min(1, 2 * stats.binom.cdf(min(b, c), b + c, 0.5)) <= 0.05
    )
    found = of_pairs(simulation.Paired((6,), (0.9, 0.1)), [0.05], 200_000, 5)
    assert abs(found.crossing.value - expected) < 4 * found.crossing.error


def test_blocks_may_be_drawn_in_any_order() -> None:
    """The tallies of blocks, drawn backwards, add up to what one process finds."""
    sizes = simulation.sizes(120_000)
    backwards = [
        simulation.block(MODEL, RULES, n, (k,), 7, EVENTS) for k, n in reversed(list(enumerate(sizes)))
    ]
    whole = simulation.characteristics(simulation.total(backwards), MODEL.at)
    assert whole == simulation.run(MODEL, RULES, trials=120_000, seed=7, events=EVENTS)


def test_limits_that_do_not_fit_the_looks_are_refused() -> None:
    with pytest.raises(ValueError, match="as many limits"):
        simulation.Rules((2.0, 2.0), futile=(0.5,))
    with pytest.raises(ValueError, match="sides must be"):
        simulation.Rules((2.0,), sides=3)


def test_the_drift_of_pairs_is_the_mean_of_mcnemars_z() -> None:
    """Over drawn trials of 400: (b − c)/√(b + c) is on average what `drift` says, to two hundredths."""
    rng = np.random.default_rng(6)
    counts = rng.multinomial(400, paired.cells((0.5, 0.4), 0.2), size=20_000)
    z = (counts[:, 0] - counts[:, 1]) / np.sqrt(counts[:, 0] + counts[:, 1])
    assert z.mean() == pytest.approx(paired.drift(400, (0.5, 0.4), 0.2), abs=0.03)
    assert paired.drift(30, (1.0, 1.0)) == 0


def test_a_large_trial_needs_no_table_of_all_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of participants: each p for itself gives what the table gives."""
    small = simulation.Paired((40, 60), (0.5, 0.3)).draw(2_000, np.random.default_rng(8))
    monkeypatch.setattr(simulation, "TABLE_UP_TO", 10)
    assert (simulation.Paired((40, 60), (0.5, 0.3)).draw(2_000, np.random.default_rng(8)) == small).all()
    large = simulation.run(
        simulation.Paired((10_000, 20_000), (0.5, 0.5)),
        simulation.Rules((2.7965, 1.977)),
        trials=20_000,
        seed=9,
    )
    assert abs(large.crossing.value - 0.05) < 5 * large.crossing.error
