"""Everything is killed in turn while people save: nothing acknowledged is lost, and each effect is there once."""

import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults import checks
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
    "a backend of PostgreSQL": lambda stack: os.kill(stack.backend(), signal.SIGKILL),
    "the web": lambda stack: stack.kill("web"),
    "Valkey's content": lambda stack: stack.valkey.flushall(),
    "PostgreSQL": lambda stack: stack.kill("postgres"),
    "the closed worker": lambda stack: stack.kill("closed worker"),
    "beat": lambda stack: stack.kill("beat"),
}


@pytest.fixture(scope="module")
def load(stack: Stack, places: Places) -> Load:
    """The load that went through all kills, when everything that it owes is paid."""
    with Load(stack.port, places) as load:
        until(load.more(SAVES), "the first saves")
        for name, kill in KILLS.items():
            more = load.more(SAVES)
            kill(stack)
            until(more, f"saves after the end of {name}")
    stack.wait_paid()
    return load


@pytest.fixture
def visits(places: Places) -> list[int]:
    return [place.visit for mine in places.values() for place in mine]


def test_every_save_was_answered_in_words(load: Load) -> None:
    """Success, or no answer at all, or the calm 503: never another refusal, never a traceback."""
    assert load.failures == []
    assert [answer for client in load.clients for answer in client.strange] == []
    assert all(len(client.saves) >= SAVES * (len(KILLS) + 1) for client in load.clients)
    # The kills were felt: some sends had to be repeated.
    assert sum(client.unanswered + client.refused for client in load.clients) > 0


def test_nothing_acknowledged_is_lost(load: Load, stack: Stack, visits: list[int]) -> None:
    """Each acknowledged version is in the trail with its value, and the last one in the table."""
    assert checks.lost(checks.acknowledged(load.saves), dict(checks.in_the_trail(stack, visits))) == []
    assert checks.lost(checks.last(load.saves), checks.in_the_table(stack, visits)) == []


def test_each_save_is_there_once(load: Load, stack: Stack, visits: list[int]) -> None:
    """One record for each form token, one entry of the trail for each version, and none that nobody sent."""
    told = Counter(key for key, _value in checks.in_the_trail(stack, visits))
    assert told == Counter(list(checks.acknowledged(load.saves)))
    assert Counter(checks.forms_in_the_table(stack, visits)) == Counter(list(checks.first_forms(load.saves)))


def test_the_trail_is_whole(load: Load, stack: Stack) -> None:
    """Every chain holds, and the trail alone rebuilds the tables."""
    done = stack.manage("verify_audit")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_effect_is_there_once(load: Load, stack: Stack) -> None:
    """Every outcome rests on the versions that are saved, is what a fresh derivation gives, and nothing is owed."""
    with stack.inside():
        assert checks.lost(checks.effects_due(), checks.effects()) == []
        assert checks.stale() == []
