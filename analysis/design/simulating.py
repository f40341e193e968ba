"""Simulated trials of a design: in this process, or spread over the Celery workers that answer.

A message names a run, a protocol version and some blocks of trials; the worker reads the protocol itself, and leaves the
counts in Redis under the run's key for as long as somebody waits for them. A block is the same whoever draws it, so the
result is the same too, and what a worker does not bring is drawn here.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from analysis.design.properties import Scenario, SimulationRequest, SimulationUnit, scenarios, units, work
from analysis.domain import simulation
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import ExpectedResponses
from trialsite import pulse
from trialsite.celery import app

logger = logging.getLogger(__name__)
TASK = "analysis.simulate"
# A run whose process was killed is forgotten after this many seconds.
KEPT = 600
# Without an answer for so long, and as long again as a slow worker needs for one message, the rest is drawn here.
PATIENCE = 10.0
SLOW = 100_000  # trials a second
BROKEN = (redis.RedisError, OperationalError, OSError)


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """What came of each scenario, in order; `workers`: how many answered, 0 for none; `drawn_here`: trials."""

    scenarios: list[tuple[Scenario, simulation.Characteristics]]
    workers: int
    drawn_here: int


def simulate(
    protocol: ProtocolVersion,
    request: SimulationRequest,
    *,
    spread: bool = True,
    done: Callable[[int], None] = lambda n: None,
) -> SimulationResult:
    """Every scenario of `protocol` and `request`; `done` takes how many trials have been drawn since.

    Raises ValueError for a protocol without a stopping rule and for shares that can't be.
    """
    plan = scenarios_of(protocol, request)
    tallies: dict[SimulationUnit, simulation.Tally] = {}
    workers = listening() if spread else 0
    if workers:
        with closing(_spread(protocol, request, units(len(plan), request.trials))) as brought:
            for unit, tally in brought:
                if unit not in tallies:
                    tallies[unit] = tally
                    done(tally.trials)
    here = 0
    for unit in units(len(plan), request.trials):
        if unit not in tallies:
            tallies[unit] = work(plan[unit.scenario], unit, request)
            here += tallies[unit].trials
            done(tallies[unit].trials)
    return SimulationResult(_found(protocol, plan, tallies), workers, here)


def _found(
    protocol: ProtocolVersion, plan: Sequence[Scenario], tallies: dict[SimulationUnit, simulation.Tally]
) -> list[tuple[Scenario, simulation.Characteristics]]:
    """Counts to shares; the mean end in completers."""
    rule = protocol.definition.stopping
    at = [look.completers for look in rule.looks] if rule else []
    wholes = [
        simulation.total([tally for unit, tally in tallies.items() if unit.scenario == number])
        for number in range(len(plan))
    ]
    return [
        (scenario, simulation.characteristics(whole, at))
        for scenario, whole in zip(plan, wholes, strict=True)
    ]


def scenarios_of(protocol: ProtocolVersion, request: SimulationRequest) -> tuple[Scenario, ...]:
    """The scenarios of a protocol version. Raises ValueError without a stopping rule, and for shares that can't be."""
    rule = protocol.definition.stopping
    if rule is None:
        raise ValueError("the protocol plans no look")
    return scenarios(rule, request)


def listening() -> int:
    """Workers with a pulse that take what is nobody's in particular; 0 without a broker."""
    try:
        with _redis() as client:
            alive = pulse.workers(client)
    except BROKEN as error:
        logger.warning("broker unreachable: %s", error)
        return 0
    return sum(queue == app.conf.task_default_queue for queue, _node in alive)


def _spread(
    protocol: ProtocolVersion, request: SimulationRequest, wanted: Sequence[SimulationUnit]
) -> Generator[tuple[SimulationUnit, simulation.Tally], None, None]:
    """What workers bring, as it comes; ends when all is there, or nothing has come for a while.

    However it ends, what still waits in the queue finds the run gone and does nothing.
    """
    run = uuid.uuid4().hex
    try:
        with _redis() as client, _open(client, run):
            for unit in wanted:
                app.send_task(TASK, [run, protocol.pk, asdict(request), asdict(unit)], retry=False)
            patience = PATIENCE + simulation.BLOCK * max(unit.last - unit.first for unit in wanted) / SLOW
            missing, until = set(wanted), time.monotonic() + patience
            while missing and time.monotonic() < until:
                brought = client.blpop([_results(run)], timeout=1)
                if not brought:
                    continue
                unit, tally = _read(brought[1])
                missing.discard(unit)
                client.expire(_key(run), KEPT)
                until = time.monotonic() + patience
                yield unit, tally
    except BROKEN as error:
        logger.warning("broker lost: %s", error)


@contextmanager
def _open(client: "redis.Redis", run: str) -> Iterator[None]:
    client.set(_key(run), 1, ex=KEPT)
    try:
        yield
    finally:
        client.delete(_key(run), _results(run))


def answer(run: str, protocol: int, request: dict[str, Any], unit: dict[str, int]) -> None:
    """The worker's part: draw the blocks of `unit` and leave the counts, if somebody still waits for them."""
    with _redis() as client:
        if not client.exists(_key(run)):
            return
        wanted, task = _request(request), SimulationUnit(**unit)
        plan = scenarios_of(ProtocolVersion.objects.get(pk=protocol), wanted)
        tally = work(plan[task.scenario], task, wanted)
        with client.pipeline() as together:
            together.rpush(_results(run), json.dumps([unit, asdict(tally)]))
            together.expire(_results(run), KEPT)
            together.execute()


def _read(brought: bytes) -> tuple[SimulationUnit, simulation.Tally]:
    unit, tally = json.loads(brought)
    counts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in tally.items()
    }
    return SimulationUnit(**unit), simulation.Tally(**counts)


def _request(content: dict[str, Any]) -> SimulationRequest:
    """As it comes back from the JSON of a message."""
    effect = content["effect"]
    expected = (
        ExpectedResponses((effect["responses"][0], effect["responses"][1]), effect["correlation"])
        if effect
        else None
    )
    return SimulationRequest(content["trials"], content["seed"], expected, content["rate"])


def _key(run: str) -> str:
    return f"trialsite:simulation:{run}"


def _results(run: str) -> str:
    return f"{_key(run)}:results"


def _redis() -> "redis.Redis":
    return pulse.connect(settings.REDIS_URL)
