"""Two ways of doing it that lose, so that the checks are seen to find a loss: work that only a message tells of,
and an acknowledgement before the commit."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import django.db
from celery import Celery
from django.db import connection, transaction

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import complete
from enrollment.models import Visit
from tests.conftest import items
from tests.faults.broker_only import EFFECT, FILE, QUEUE
from tests.faults.load import Place
from tests.faults.stack import Stack
from tests.stack.running import ROOT
from trialsite.accounts.models import User


def hand_to_the_broker(stack: Stack, name: str) -> None:
    """As `.delay()` does: the broker alone knows of it."""
    with Celery("control", broker=stack.endpoints.redis) as sender:
        sender.send_task(EFFECT, [name], queue=QUEUE)


@contextlib.contextmanager
def worker(stack: Stack, effects: Path) -> Iterator[None]:
    """A worker that does what the broker tells it."""
    effects.touch()
    command = ["-m", "celery", "-A", "tests.faults.broker_only", "worker", "-P", "solo", "-Q", QUEUE]
    process = subprocess.Popen(
        [sys.executable, *command, "--without-gossip", "--without-mingle", "-l", "critical"],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": stack.endpoints.redis, FILE: str(effects)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def acknowledge_too_early(
    stack: Stack, username: str, place: Place
) -> dict[tuple[int, int], tuple[int, str]]:
    """The product's own save, told to be done before its transaction ends; its backend is killed in between."""
    versions = {}
    with stack.inside(), contextlib.suppress(django.db.Error), transaction.atomic():
        saved = _saved(username, place)
        versions[saved.visit_id, saved.version] = (20, "")
        os.kill(connection.connection.info.backend_pid, signal.SIGKILL)
    return versions


def _saved(username: str, place: Place) -> Assessment:
    visit = Visit.objects.get(pk=place.visit)
    entry = AssessmentEntry(items=items(20), rater=username, performed_on=visit.planned_on)
    by = User.objects.get(username=username)
    return complete(visit, "HAMD17", entry, by=by, form_token=uuid.uuid4())
