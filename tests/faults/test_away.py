"""One server or worker away at a chosen moment: what people are told meanwhile, and what is there afterwards."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import checks, control
from tests.faults.broker_only import QUEUE
from tests.faults.load import Answer, Client, Place
from tests.faults.stack import Stack
from tests.stack.running import until
from trialsite.stack.endpoints import listening

pytestmark = pytest.mark.fault
CALM = "The database is not responding"


@pytest.fixture(autouse=True)
def whole(stack: Stack) -> None:
    """Both servers answer again, whatever the test before did."""
    stack.wait_database()
    stack.wait_valkey()


@contextlib.contextmanager
def _gone(stack: Stack) -> Iterator[None]:
    """Nobody listens at Valkey's port."""
    with stack.unwatched():
        stack.kill("valkey")
        yield
    stack.wait_valkey()


def _silent(stack: Stack) -> contextlib.AbstractContextManager[None]:
    """Valkey takes connections and never answers."""
    return stack.held("valkey")


@contextlib.contextmanager
def _emptied(stack: Stack) -> Iterator[None]:
    """What the save sent is forgotten before a worker has seen it."""
    with stack.held("worker"):
        yield
        stack.valkey.flushall()


@pytest.mark.parametrize("trouble", [_gone, _silent, _emptied])
def test_a_save_needs_no_broker(
    trouble: Callable[[Stack], contextlib.AbstractContextManager[None]],
    stack: Stack,
    steady: Client,
    unrated: Iterator[Place],
) -> None:
    """Saved at the first send, and its outcome derived once a sweep comes through."""
    place = next(unrated)
    fields = steady.form(place, 30)
    with trouble(stack):
        answer = steady.request("POST", f"/visits/{place.visit}/ratings/HAMD17/", fields)
        assert (answer.status, answer.location) == (302, f"/visits/{place.visit}/")
    stack.wait_paid()
    assert checks.in_the_table(stack, [place.visit]) == {place.visit: (1, 30)}
    _all_derived(stack)


def test_a_request_in_the_middle_is_told_and_its_second_send_saves(
    stack: Stack, steady: Client, unrated: Iterator[Place]
) -> None:
    """PostgreSQL is killed while a save is in its transaction, and started again: a calm 503 for whoever asks
    meanwhile, then success, by the same processes of the web."""
    place, webs = next(unrated), stack.children("web")
    path, fields = f"/visits/{place.visit}/ratings/HAMD17/", steady.form(place, 31)
    answers: list[Answer] = []
    sends = threading.Thread(target=lambda: answers.append(steady.request("POST", path, fields)))
    with contextlib.closing(stack.connect()) as other, stack.unwatched():
        other.cursor().execute("begin; lock table assessments_assessment in share row exclusive mode")
        sends.start()
        until(
            lambda: stack.waiting('insert into "assessments_assessment"') is not None, "a save in the middle"
        )
        stack.kill("postgres")
        sends.join()
        answers += [
            steady.request("GET", path),
            steady.request("GET", "/"),
            steady.request("POST", path, fields),
        ]
        # Asked as a machine asks, without a session.
        probe = Client(stack.port, "")
        assert [probe.request("GET", path).status for path in ("/readyz", "/healthz")] == [503, 200]
    for answer in answers:
        assert (answer.status, CALM in answer.body, "retry-after" in answer.headers) == (
            503,
            True,
            True,
        )
        assert "Traceback" not in answer.body
    stack.wait_database()
    answer = steady.request("POST", path, fields)
    assert (answer.status, answer.location) == (302, f"/visits/{place.visit}/")
    assert stack.children("web") == webs
    assert checks.in_the_trail(stack, [place.visit]) == [((place.visit, 1), (31, ""))]


def test_a_worker_that_is_killed_in_a_recompute_leaves_its_entry(
    stack: Stack, steady: Client, unrated: Iterator[Place]
) -> None:
    """It waits for a participant's row, so it is surely in the middle: nothing of it counts, and the next one pays."""
    place = next(unrated)
    with contextlib.closing(stack.connect()) as other:
        with stack.held("worker"):
            steady.save(place, 32)
            other.cursor().execute(
                "begin; select 1 from enrollment_participant p join enrollment_visit v on v.participant_id = p.id"
                f" where v.id = {place.visit} for update of p"
            )
        until(lambda: stack.waiting("for no key update") is not None, "a recompute in the middle")
        stack.kill("worker")
        assert stack.sql("select count(*) > 0 from audit_outbox") == [(True,)]
        with stack.inside():
            assert len(checks.lost(checks.effects_due(), checks.effects())) == 1
    stack.wait_paid()
    _all_derived(stack)


@pytest.mark.parametrize(
    "forget", [lambda s: s.kill("valkey"), lambda s: s.valkey.flushall()], ids=["killed", "emptied"]
)
def test_a_message_alone_loses_what_the_outbox_keeps(
    forget: Callable[[Stack], object], stack: Stack, steady: Client, unrated: Iterator[Place], tmp_path: Path
) -> None:
    """The control: of the same saves, effects of which the broker alone was told, and the product's effects."""
    saved, effects = [next(unrated) for _ in range(2)], tmp_path / "effects"
    with stack.held("worker"):
        for place in saved:
            steady.save(place, 33)
            control.hand_to_the_broker(stack, str(place.visit))
        assert stack.valkey.llen(QUEUE) == len(saved)
        forget(stack)
        until(lambda: listening(stack.endpoints.valkey_port), "an answer of Valkey")
    control.hand_to_the_broker(stack, "the last")
    with control.worker(stack, effects):
        until(lambda: "the last" in effects.read_text(), "the control's last effect")
    promised = {str(place.visit): True for place in saved}
    assert checks.lost(promised, dict.fromkeys(effects.read_text().split("\n"), True)) == list(promised)
    stack.wait_paid()
    _all_derived(stack)


def _all_derived(stack: Stack) -> None:
    """Every outcome rests on what is saved, and is what a fresh derivation gives."""
    with stack.inside():
        assert checks.lost(checks.effects_due(), checks.effects()) == []
        assert checks.stale() == []
