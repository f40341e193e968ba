"""What the database itself refuses of a write: no actor, no reason, a removal. Raw SQL as the web's role."""

import json

import psycopg2
import pytest

from tests.audit.conftest import act_as, connect

CHANGE = "update enrollment_participant set age = age + 1"
CLEAR = "update enrollment_participant set age = null"
CONTEXTS = {
    "none": "",
    "empty": "{}",
    "no actor": json.dumps({"name": "x", "reason": "r"}),
    "actor without a value": json.dumps({"actor": None, "name": "x", "reason": "r"}),
}


@pytest.mark.requirement("AUD-04")
@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
@pytest.mark.parametrize(
    "statement", [CHANGE, "insert into accounts_study (code, short_title, synthetic) values ('N', 'N', true)"]
)
def test_a_write_without_an_actor_is_refused(statement: str, context: str, victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('trialsite.context', %s, true)", [context])
        with pytest.raises(psycopg2.Error, match="no actor is set"):
            cursor.execute(statement)


@pytest.mark.requirement("AUD-04")
@pytest.mark.parametrize("statement", [CHANGE, CLEAR])
@pytest.mark.parametrize("reason", ["", None])
def test_a_saved_value_is_not_changed_or_cleared_without_a_reason(
    statement: str, reason: str | None, victim: str
) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor, reason=reason)
        with pytest.raises(psycopg2.Error, match="without a reason"):
            cursor.execute(statement)


def test_an_empty_value_is_filled_in_without_a_reason(victim: str) -> None:
    """Nothing was said before, so there is nothing to explain."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor, reason="")
        cursor.execute("update enrollment_participant set unblinded_at = now() where unblinded_at is null")
        assert cursor.rowcount > 0


@pytest.mark.requirement("AUD-04")
@pytest.mark.parametrize(
    ("context", "statement"), [("", CHANGE), (json.dumps({"actor": 1, "name": "x", "reason": ""}), CLEAR)]
)
def test_it_is_the_trigger_that_refuses(context: str, statement: str, victim: str) -> None:
    """With the audit trigger off both go through: nothing else stands in the way."""
    with connect("owner", victim) as connection, connection.cursor() as cursor:
        cursor.execute("alter table enrollment_participant disable trigger z_audit")
        cursor.execute("alter table enrollment_participant disable trigger user")
        cursor.execute("select set_config('trialsite.context', %s, true)", [context])
        cursor.execute(statement)
        assert cursor.rowcount > 0


@pytest.mark.parametrize(
    "statement", ["delete from enrollment_participant", "truncate enrollment_participant cascade"]
)
def test_nothing_is_removed_by_the_owner_either(statement: str, victim: str) -> None:
    with connect("owner", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        with pytest.raises(psycopg2.Error, match=r"never deleted|append-only|violates foreign key"):
            cursor.execute(statement)


def test_a_new_password_is_told_and_not_shown(spoilt: str) -> None:
    """That a password was changed stands in the trail; no hash of it does."""
    with connect("app", spoilt) as session, session, session.cursor() as cursor:
        cursor.execute("select min(id) from accounts_user where not is_system")
        (person,) = cursor.fetchone()
        act_as(cursor, actor=person)
        cursor.execute("update accounts_user set password = 'argon2$abc' where id = %s", [person])
    with connect("report", spoilt) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select old, new from audit.event where table_name = 'accounts_user' and op = 'U' order by n desc limit 1"
        )
        assert cursor.fetchone() == ({"password": "not shown"}, {"password": "not shown, changed"})
        cursor.execute("select count(*) from audit.event where old::text || new::text like '%argon2%'")
        assert cursor.fetchone() == (0,)
