"""A demo trial to attack, and connections to it as each of the database's people."""

import io
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from trialsite.stack import testing

Connect = Callable[[str], Any]
CONTEXT = {"actor": 1, "name": "system (Trialsite)", "role": "", "reason": "a reason", "version": "t"}


@pytest.fixture(scope="module")
def victim() -> Iterator[str]:
    """The name of a copy of the demo; each test leaves it as it was."""
    name = f"victim_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    yield name
    testing.drop(name)


@pytest.fixture
def spoilt() -> Iterator[str]:
    """The name of a copy of the demo for one test, which may ruin it."""
    name = f"spoilt_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    yield name
    testing.drop(name)


def connect(role: str, name: str) -> Any:
    return closing(psycopg2.connect(testing.url(role, name)))


def act_as(cursor: Any, **context: Any) -> None:
    """Leave a context for the audit triggers until the transaction ends."""
    cursor.execute("select set_config('trialsite.context', %s, true)", [json.dumps({**CONTEXT, **context})])


def execute(role: str, name: str, *statements: str) -> None:
    """Run and commit statements as `role`, with a context."""
    with connect(role, name) as session, session, session.cursor() as cursor:
        act_as(cursor)
        for statement in statements:
            cursor.execute(statement)


Inside = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def inside(django_db_setup: None, django_db_blocker: Any) -> Inside:
    """with inside(name): Django works, as the web's role, in that database."""

    @contextmanager
    def go(name: str) -> Iterator[None]:
        before = connection.settings_dict["NAME"]
        with django_db_blocker.unblock():
            connection.close()
            connection.settings_dict["NAME"] = name
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict["NAME"] = before

    return go


Verify = Callable[..., list[str]]


@pytest.fixture
def verify(inside: Inside) -> Verify:
    """verify(name, ...) → what `manage.py verify_audit` complains of in that database, line by line."""

    def run(name: str, **options: Any) -> list[str]:
        output = io.StringIO()
        with inside(name):
            try:
                call_command("verify_audit", stderr=output, stdout=io.StringIO(), **options)
            except CommandError as error:
                output.write(f"{error}\n")
        return output.getvalue().splitlines()

    return run
