"""Sessions and a database that goes away."""

import contextlib

import psycopg2
import pytest
from django.db import OperationalError, connection

from trialsite.accounts.sessions import SessionStore
from trialsite.stack import testing


def test_a_session_that_meets_no_database_is_not_taken_for_an_ended_one(committed: str) -> None:
    """The connection ends before the session is kept: 503 follows, not the refusal of an ended session."""
    session = SessionStore()
    session["seen"] = 1
    session.save()
    with (
        contextlib.closing(psycopg2.connect(testing.url("setup", committed))) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("select pg_terminate_backend(%s, 20000)", [connection.connection.info.backend_pid])
    with pytest.raises(OperationalError):
        session.save()
