"""`manage.py simulate_design`: the protocol's design in the long run, the same figures whoever draws the trials."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from itertools import product
from math import comb
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from scipy import stats

from analysis.design.properties import SimulationRequest, limits, scenarios, shares, units, work
from analysis.domain import paired, simulation
from analysis.domain.recursion import exit_probabilities
from analysis.monitoring.interim import monitoring
from analysis.monitoring.report import completers_of
from enrollment.protocol.file import parse
from enrollment.protocol.model import ExpectedResponses, FutilityRule, StoppingRule
from tests.analysis.monitoring.test_report import RULES, trial
from tests.domain.enrollment.protocol.documents import ketnal
from trialsite import pulse
from trialsite.stack import testing

ROOT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "-A", "trialsite", "worker", "--without-gossip", "--without-mingle"]


def shipped() -> StoppingRule:
    rule = parse(ketnal()).stopping
    assert rule
    return rule


RULE = shipped()
PLAIN = replace(RULE, futility=None, safety=None)
EFFECT = ExpectedResponses((0.6, 0.2))


def request(**changes: Any) -> SimulationRequest:
    return replace(SimulationRequest(200_000, 1, EFFECT, None), **changes)


def found_of(rule: StoppingRule, wanted: SimulationRequest) -> list[simulation.Characteristics]:
    """Every scenario, in this process: no effect (normal, exact), effect (normal, exact)."""
    plan = scenarios(rule, wanted)
    tallies = [
        simulation.total(
            [work(plan[n], unit, wanted) for unit in units(len(plan), wanted.trials) if unit.scenario == n]
        )
        for n in range(len(plan))
    ]
    return [simulation.characteristics(tally, [12, 30]) for tally in tallies]


@pytest.mark.requirement("STA-05")
def test_a_million_trials_without_effect_keep_five_percent() -> None:
    """Lan and DeMets' boundary at 12 of 30 and 30: within three Monte Carlo errors of .05."""
    null = found_of(PLAIN, request(trials=1_000_000))[0]
    assert null.crossing.error == pytest.approx((0.05 * 0.95 / 1e6) ** 0.5, rel=0.02)
    assert abs(null.crossing.value - 0.05) < 3 * null.crossing.error
    assert null.crossing == null.success


def test_power_and_size_are_those_of_the_recursion() -> None:
    """Expected z of 2.9277 at the end: power, early stops and mean size as integrated."""
    effect = found_of(PLAIN, request())[2]
    drift = paired.drift(30, (0.6, 0.2))
    upper = limits(PLAIN).upper
    exits = exit_probabilities([0.4, 1.0], [-z for z in upper], upper, drift)
    assert exits.crossing == pytest.approx(0.8333, abs=1e-3)
    assert abs(effect.crossing.value - exits.crossing) < 4 * effect.crossing.error
    assert abs(effect.expected.value - 30 * exits.expected_information) < 4 * effect.expected.error


def exact_type_one_error(share: float) -> float:
    """The protocol's test counted over every table of 12, and of the 18 that come: no simulation in it."""
    upper = limits(PLAIN).upper
    one, two, _both, _rest = paired.cells((share, share))

    def tables(n: int) -> Iterator[tuple[int, int, float]]:
        for b, c in product(range(n + 1), repeat=2):
            if b + c <= n:
                ways = comb(n, b) * comb(n - b, c)
                yield b, c, ways * one**b * two**c * (1 - one - two) ** (n - b - c)

    def crosses(b: int, c: int, limit: float) -> bool:
        return float(stats.norm.isf(min(1, 2 * stats.binom.cdf(min(b, c), b + c, 0.5)) / 2)) >= limit

    last = {(b, c): crosses(b, c, upper[1]) for b, c in product(range(31), repeat=2) if b + c <= 30}
    later = list(tables(18))
    total = 0.0
    for b, c, p in tables(12):
        if crosses(b, c, upper[0]):
            total += p
        else:
            total += p * sum(q for i, j, q in later if last[b + i, c + j])
    return total


def test_the_real_error_of_the_exact_test_is_half_the_nominal_one() -> None:
    """40 % respond with either: simulated and counted are the same, about 2.7 %."""
    exact = found_of(PLAIN, request())[1]
    counted = exact_type_one_error(0.4)
    assert counted == pytest.approx(0.0267, abs=5e-4)
    assert abs(exact.crossing.value - counted) < 4 * exact.crossing.error


@pytest.mark.parametrize(
    "rule",
    [
        FutilityRule("predictive_power", 0.1),
        FutilityRule("conditional_power", 0.1, "trend"),
        FutilityRule("conditional_power", 0.2, "design"),
    ],
    ids=lambda rule: rule.under or "predictive",
)
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("pairs", [(7, 0), (2, 2), (3, 2), (1, 4), (0, 6), (12, 0), (0, 12)])
def test_the_simulation_stops_where_a_look_would(
    rule: FutilityRule, sides: int, pairs: tuple[int, int]
) -> None:
    """The limits that are simulated flag the very results that the report flags."""
    whole = replace(RULE, futility=rule, sides=sides, alpha=0.05 / (3 - sides))
    people = list(completers_of(RULES, trial(*pairs, 12 - sum(pairs))).values())
    shown = monitoring(whole, people, {})
    assert shown.test
    z = shown.test.z
    found = limits(whole)
    here = z * found.direction if found.direction else abs(z) if sides == 2 else z
    futile = found.futile[0] is not None and here < found.futile[0]
    crossed = (abs(z) if sides == 2 else z) >= found.upper[0]
    assert (futile, crossed) == ("futility" in shown.flags, "efficacy" in shown.flags)


def test_safety_limits_are_those_of_the_boundary() -> None:
    """5 of 12, 7 of 30; trials in which a tenth have an event are stopped so often."""
    assert limits(RULE).harmful == (5, 7)
    null = found_of(RULE, request(rate=0.1))[0]
    assert abs(null.safety[0].value - float(stats.binom.sf(4, 12, 0.1))) < 4 * null.safety[0].error
    assert found_of(RULE, request(rate=None))[0].safety[0].value == 0


def test_without_effect_both_treatments_have_the_mean_share() -> None:
    """With the correlation as far as two equal shares allow it; half, where no share is known."""
    assert shares(EFFECT, effect=False) == ((0.4, 0.4), 0.0)
    assert shares(ExpectedResponses((0.9, 0.1), -1.0), effect=False) == ((0.5, 0.5), -1.0)
    assert shares(None, effect=False) == ((0.5, 0.5), 0.0)
    assert len(scenarios(PLAIN, request(effect=None))) == 2


@pytest.mark.parametrize("trials", [1, 49_999, 50_001, 1_000_000, 12_345_678])
def test_units_hold_every_block_once(trials: int) -> None:
    blocks = [(unit.scenario, k) for unit in units(4, trials) for k in range(unit.first, unit.last)]
    assert sorted(blocks) == list(product(range(4), range(len(simulation.sizes(trials)))))


def printed(*options: str) -> str:
    out = StringIO()
    call_command("simulate_design", *options, stdout=out)
    return out.getvalue()


@pytest.mark.requirement("STA-05")
@pytest.mark.django_db
def test_the_command_prints_every_figure_with_its_error() -> None:
    """The design in words, four scenarios, a line for each look; the same seed gives the same text."""
    options = ("--study", "KETNAL", "--trials", "20000", "--no-workers")
    text = printed(*options)
    assert "alpha 0.05, two-sided, looks at 12, 30 completers" in text
    assert "z 3.3569, 1.9623." in text
    assert "predictive power below 10 %, |z| below 0.2484; never at the last look" in text
    assert "Safety: 5, 7 participants with a serious adverse event stop the trial; 10 % have one." in text
    assert len(re.findall(r"look 2, n = 30( +\d+\.\d{3} % ± \d\.\d{3}){4}\n", text)) == 4
    assert text.count("Type I error, efficacy boundary alone") == text.count("Power, all rules obeyed") == 2
    assert "Drawn in this process." in text
    assert printed(*options) == text
    assert printed(*options, "--seed", "2") != text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--study", "NOPE"], "no study 'NOPE'"),
        (["--study", "REISBY"], "REISBY 1.0: the protocol plans no look"),
        (["--study", "KETNAL", "--trials", "0"], "--trials needs 1"),
        (["--study", "KETNAL", "--seed", "-1"], "--seed needs 0"),
        (["--study", "KETNAL", "--effect", "1.2", "0"], "shares from 0 to 1"),
        (["--study", "KETNAL", "--event-rate", "2"], "shares from 0 to 1"),
        (["--study", "KETNAL", "--correlation", "0.9"], "do not allow a correlation of 0.9"),
    ],
)
def test_a_wrong_option_is_named(options: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)):
        printed(*options)


@dataclass
class Shared:
    """A database, a broker of its own, and a worker that may be ended."""

    environment: dict[str, str]
    worker: "subprocess.Popen[bytes] | None" = None

    @property
    def broker(self) -> "redis.Redis":
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def start(self, *options: str, **more: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "manage.py", "simulate_design", "--study", "KETNAL", *options]
        return subprocess.Popen(
            command, env={**self.environment, **more}, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_heed_ctrl_c,
        )  # fmt: skip

    def run(self, *options: str, **more: str) -> tuple[str, str]:
        """Figures, and the last line: who drew them."""
        out, errors = self.start(*options, **more).communicate(timeout=180)
        assert "trials/s" not in errors, "no progress bar where there is no terminal"
        figures, _line, who = out.strip().rpartition("\n")
        return figures.strip(), who

    def runs(self) -> list[Any]:
        return list(self.broker.scan_iter("trialsite:simulation:*"))

    def start_worker(self) -> None:
        """Unless it lives; until it answers."""
        if self.worker and self.worker.poll() is None:
            return
        self.broker.flushdb()
        command = [*CELERY, "-c", "2", "-Q", "default", "-n", f"design@{uuid.uuid4().hex[:6]}", "-l", "error"]
        self.worker = subprocess.Popen(
            command,
            env=self.environment,
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while not pulse.workers(self.broker) and time.monotonic() < until:
            time.sleep(0.1)

    def end_worker(self) -> None:
        """With its children."""
        if self.worker and self.worker.poll() is None:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()


@pytest.fixture(scope="module")
def started(django_db_setup: None) -> Iterator[Shared]:
    name = f"ts_{uuid.uuid4().hex[:12]}"
    testing.database(name)
    number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    url = os.environ["REDIS_URL"].rpartition("/")[0] + f"/{number}"
    shared = Shared({**testing.environment("app", name), "REDIS_URL": url})
    try:
        yield shared
    finally:
        shared.end_worker()
        shared.broker.flushdb()
        testing.drop(name)


@pytest.fixture
def shared(started: Shared) -> Shared:
    """With a worker that lives, whatever the test before did to it."""
    started.start_worker()
    return started


def _heed_ctrl_c() -> None:
    """What runs in the background of a shell is started deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_workers_bring_what_one_process_finds(shared: Shared) -> None:
    """Spread over a real worker, without one, and without a broker: the same figures, and each says who drew them."""
    options = ("--trials", "120000", "--seed", "5")
    spread, who = shared.run(*options)
    assert who == "Drawn by the worker that answered."
    assert shared.runs() == []
    assert shared.run(*options, "--no-workers") == (spread, "Drawn in this process.")
    nowhere = shared.run(*options, REDIS_URL="redis://127.0.0.1:1/0")
    assert nowhere == (spread, "Drawn in this process: no worker answered.")


@pytest.mark.fault
def test_what_a_dead_worker_does_not_bring_is_drawn_here(shared: Shared) -> None:
    """Killed with most of the messages waiting: the figures are those of one process."""
    options = ("--trials", "600000", "--seed", "6")
    running = shared.start(*options)
    until = time.monotonic() + 60
    while not shared.runs() and time.monotonic() < until:
        time.sleep(0.02)
    shared.end_worker()
    out, _errors = running.communicate(timeout=300)
    figures, _line, who = out.strip().rpartition("\n")
    assert "trials were drawn in this process, because no answer came." in who
    assert figures.strip() == shared.run(*options, "--no-workers")[0]


def test_ctrl_c_leaves_nothing_waiting(shared: Shared) -> None:
    """It ends at once with 130 and a sentence; messages still in the queue find the run gone."""
    running = shared.start("--trials", "50000000")
    until = time.monotonic() + 60
    while not shared.runs() and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=300)
    assert running.returncode == 130
    assert "Stopped; nothing is kept." in errors
    assert "Mean number" not in out
    assert shared.runs() == []
