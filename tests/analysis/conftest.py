"""The demo trial in a database of its own, and the unblinded worker at work in it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from analysis.dashboard.services import summarise
from analysis.monitoring.services.closed import report
from analysis.outcomes.services import recompute
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox
from trialsite.stack import testing

Work = Callable[[], None]


@pytest.fixture
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy of the demo whose changes are committed; its name."""
    before = connection.settings_dict["NAME"]
    name = f"ts_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        yield name
        connection.close()
        connection.settings_dict["NAME"] = before
    testing.drop(name)


@contextmanager
def as_closed() -> Iterator[None]:
    """The connection of the unblinded worker in place of the web's."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= {"USER": "trialsite_closed", "PASSWORD": testing.PASSWORD}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= before


@pytest.fixture
def workers() -> Work:
    """workers(): what the blinded and the unblinded worker owe is done, each with its own role."""

    def work() -> None:
        process_outbox(Outbox.Kind.RECOMPUTE, recompute)
        process_outbox(Outbox.Kind.SUMMARY, summarise)
        with as_closed():
            process_outbox(Outbox.Kind.REPORT, report)

    return work
