"""The attack battery, as each role that can log in. Every line of tests/audit/attacks.py is one attempt."""

import psycopg2
import pytest

from tests.audit import attacks
from tests.audit.conftest import act_as, connect

REFUSED = {
    "42501",  # insufficient privilege: PostgreSQL's own refusals, and the triggers'
    "0LP01",  # invalid grant operation
    "42704",  # no such object (a language's handler)
    "0A000",  # a trigger function is called by triggers alone
}
OF_ROLE = {
    "app": attacks.TRAIL | attacks.SERVER | attacks.TABLES | attacks.CLOSED,
    "closed": attacks.TRAIL | attacks.SERVER | attacks.TABLES | attacks.ONCE | attacks.DIRECTLY,
    "report": attacks.TRAIL | attacks.SERVER | attacks.TABLES | attacks.CLOSED | attacks.READER,
    "verify": attacks.TRAIL
    | attacks.SERVER
    | attacks.TABLES
    | attacks.CLOSED
    | attacks.READER
    | attacks.VERIFIER,
    "owner": attacks.TRAIL | attacks.SERVER | attacks.ONCE,
}
ATTEMPTS = [
    pytest.param(role, statement, id=f"{role}: {name}")
    for role, statements in OF_ROLE.items()
    for name, statement in statements.items()
] + [
    pytest.param(role, statement, id=f"{role}: closed: {name}")
    for role in OF_ROLE
    for name, statement in attacks.CHAIN.items()
]


@pytest.mark.requirement("AUD-02")
@pytest.mark.parametrize(("role", "statement"), ATTEMPTS)
def test_the_database_refuses(role: str, statement: str, victim: str) -> None:
    """With a context and a reason, as application code would have them: still refused."""
    statement = statement.replace("current_database_name", victim)
    with connect(role, victim) as connection, connection.cursor() as cursor:
        # The readers' sessions begin read only, which is a habit and no guard.
        cursor.execute("set default_transaction_read_only = off")
        connection.commit()
        if statement.startswith(("create database", "alter system")):
            connection.rollback()
            connection.autocommit = True
        act_as(cursor)
        with pytest.raises(psycopg2.Error) as refusal:
            cursor.execute(statement)
        assert refusal.value.pgcode in REFUSED, refusal.value
