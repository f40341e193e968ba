"""Operating characteristics by simulation agree with what integration says, and depend on the seed alone."""

import doctest

import numpy as np
import pytest

from analysis.domain import simulation
from analysis.domain.recursion import exit_probabilities
from analysis.domain.sequential import boundary


def test_examples_run() -> None:
    result = doctest.testmod(simulation)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("kind", ["pocock", "obrien_fleming", "lan_demets_obf", "haybittle_peto"])
def test_a_million_trials_keep_the_level(kind: str) -> None:
    """Type I error 5 % within four Monte Carlo errors; and look by look what the recursion integrates."""
    looks = [0.4, 0.7, 1.0]
    limits = boundary(kind, looks)
    found = simulation.simulate(looks, limits, drift=0.0, trials=1_000_000, seed=20260701)
    assert abs(found.crossing.value - 0.05) < 4 * found.crossing.error
    exits = exit_probabilities(looks, [-z for z in limits], list(limits))
    for look, share in enumerate(found.stopped[:-1]):
        expected = exits.upper[look] + exits.lower[look]
        assert abs(share.value - expected) < 4 * max(share.error, 1e-6)


def test_power_is_what_the_recursion_says() -> None:
    looks, drift = [0.4, 1.0], 3.0
    limits = boundary("lan_demets_obf", looks)
    found = simulation.simulate(looks, limits, drift=drift, trials=400_000, seed=5)
    exits = exit_probabilities(looks, [-z for z in limits], list(limits), drift)
    assert abs(found.crossing.value - exits.crossing) < 4 * found.crossing.error
    assert found.expected < 1


def test_the_exact_paired_test_keeps_its_level_and_is_conservative() -> None:
    """At 12 and 30 completers the exact test spends less than it may."""
    found = simulation.simulate_paired(
        [12, 30], [0.0008, 0.0497], responses=(0.4, 0.4), correlation=0.2, trials=200_000, seed=9
    )
    assert found.crossing.value < 0.05
    assert sum(share.value for share in found.stopped) == pytest.approx(1)


def test_no_difference_in_expectation_means_no_side() -> None:
    """Without correlation the discordant cells have the probabilities p(1 − q) and q(1 − p)."""
    found = simulation.simulate_paired([400], [1e-12], responses=(0.9, 0.1), trials=2_000, seed=2)
    assert found.crossing.value == 1


def test_the_same_seed_gives_the_same_answer_and_another_does_not() -> None:
    def run(seed: int) -> simulation.Characteristics:
        return simulation.simulate([0.5, 1], [2.8, 2.0], drift=1.0, trials=120_000, seed=seed)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_block_is_the_same_whoever_draws_it() -> None:
    """The first block of a long run is the only block of a short one."""
    stream = np.random.SeedSequence(4).spawn(3)[0]
    assert stream.spawn_key == np.random.SeedSequence(4).spawn(1)[0].spawn_key


@pytest.mark.parametrize(("responses", "correlation"), [((0.9, 0.1), 0.9), ((0.5, 0.5), -1.2)])
def test_an_impossible_correlation_is_refused(responses: tuple[float, float], correlation: float) -> None:
    with pytest.raises(ValueError, match="do not allow"):
        simulation.simulate_paired(
            [10], [0.05], responses=responses, correlation=correlation, trials=10, seed=1
        )


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="as many boundaries"):
        simulation.simulate([1.0], [2.0, 2.0], drift=0, trials=10, seed=1)
    with pytest.raises(ValueError, match="at least one trial"):
        simulation.simulate([1.0], [2.0], drift=0, trials=0, seed=1)
