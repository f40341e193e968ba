"""Everything is killed in turn while people save: nothing acknowledged is lost, and each effect is there once."""

import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults import checks, control
from tests.faults.conftest import PEOPLE, STEADY
from tests.faults.load import Load, Place
from tests.faults.stack import Stack
from tests.stack.running import until

pytestmark = pytest.mark.fault
Places = dict[str, list[Place]]
# Saves of every client after each kill: work goes on before the next one.
SAVES = 3

KILLS: dict[str, Callable[[Stack], object]] = {
    "a process of the worker's pool": lambda stack: os.kill(stack.children("worker")[0], signal.SIGKILL),
    "a web worker": lambda stack: os.kill(stack.children("web")[0], signal.SIGKILL),
    "the worker": lambda stack: stack.kill("worker"),
    "Valkey": lambda stack: stack.kill("valkey"),
    "the web": lambda stack: stack.kill("web"),
    "Valkey's content": lambda stack: stack.valkey.flushall(),
    "PostgreSQL": lambda stack: stack.kill("postgres"),
    "the closed worker": lambda stack: stack.kill("closed worker"),
    "beat": lambda stack: stack.kill("beat"),
}


@pytest.fixture(scope="module")
def too_early() -> dict[checks.Version, tuple[int, str]]:
    """What the control acknowledged before its transaction had ended."""
    return {}


@pytest.fixture(scope="module")
def load(stack: Stack, places: Places, too_early: dict[checks.Version, tuple[int, str]]) -> Load:
    """The load that went through all kills, when nothing of it is pending."""

    def kill_a_backend(stack: Stack) -> None:
        too_early.update(control.acknowledge_too_early(stack, STEADY, places[STEADY][-1]))

    kills = {**KILLS, "a backend of PostgreSQL": kill_a_backend}
    with Load(stack.port, {name: places[name] for name in PEOPLE}) as load:
        until(load.more(SAVES), "the first saves")
        for name, kill in kills.items():
            more = load.more(SAVES)
            kill(stack)
            until(more, f"saves after the end of {name}")
    stack.wait_paid()
    return load


@pytest.fixture
def visits(places: Places) -> list[int]:
    return [place.visit for name in PEOPLE for place in places[name]]


def test_every_save_was_answered_in_words(load: Load) -> None:
    """Success, or no answer at all, or the calm 503: never another refusal, never a traceback."""
    assert load.failures == []
    assert [answer for client in load.clients for answer in client.strange] == []
    assert all(len(client.saves) >= SAVES * (len(KILLS) + 2) for client in load.clients)
    # The kills were felt: some sends had to be repeated.
    assert sum(client.unanswered + client.refused for client in load.clients) > 0


@pytest.mark.requirement("FLT-01")
def test_nothing_acknowledged_is_lost(load: Load, stack: Stack, visits: list[int]) -> None:
    """Each acknowledged version is in the trail with its value, and the last one in the table."""
    assert checks.lost(checks.acknowledged(load.saves), dict(checks.in_the_trail(stack, visits))) == []
    assert checks.lost(checks.last(load.saves), checks.in_the_table(stack, visits)) == []


@pytest.mark.requirement("FLT-01")
def test_each_save_is_there_once(load: Load, stack: Stack, visits: list[int]) -> None:
    """One record for each form token, one entry of the trail for each version, and none that nobody sent."""
    trail = Counter(key for key, _value in checks.in_the_trail(stack, visits))
    assert trail == Counter(list(checks.acknowledged(load.saves)))
    assert Counter(checks.forms_in_the_table(stack, visits)) == Counter(list(checks.first_forms(load.saves)))


def test_the_trail_is_whole(load: Load, stack: Stack) -> None:
    """Every chain holds, and the trail alone rebuilds the tables."""
    done = stack.manage("verify_audit")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_effect_is_there_once(load: Load, stack: Stack) -> None:
    """Every outcome rests on the versions that are saved, is what a fresh derivation gives, and nothing is pending."""
    with stack.inside():
        assert checks.lost(checks.effects_due(), checks.effects()) == []
        assert checks.stale() == []


@pytest.mark.requirement("FLT-01")
def test_the_control_that_acknowledges_too_early_loses(
    load: Load, too_early: dict[checks.Version, tuple[int, str]], stack: Stack
) -> None:
    """The same question of a writer that says "saved" before its transaction ends, under the same kills."""
    assert too_early
    visits = [visit for visit, _version in too_early]
    assert checks.lost(too_early, dict(checks.in_the_trail(stack, visits))) == list(too_early)
