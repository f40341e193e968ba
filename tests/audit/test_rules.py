"""What the database itself refuses of a write: no actor, no reason, a removal. Raw SQL as the web's role."""

import json
import re
import unicodedata
from typing import Any

import psycopg2
import pytest

from tests.audit.conftest import act_as, connect
from trialsite.lib.visible import is_visible

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


def test_an_entry_writes_the_head_of_its_chain_once(victim: str) -> None:
    """Every version of it that one transaction leaves behind is walked through by the entries after."""
    written = (
        "select n_tup_upd from pg_stat_xact_all_tables where schemaname = 'audit' and relname = 'chain_head'"
    )
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(
            "update enrollment_participant set unblinded_at = now()"
            " where id = (select max(id) from enrollment_participant where unblinded_at is null)"
        )
        assert cursor.rowcount == 1
        cursor.execute(written)
        assert cursor.fetchone() == (1,)
        connection.rollback()


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
        cursor.execute("alter table enrollment_participant disable trigger audit_update")
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


@pytest.mark.requirement("AUD-04")
@pytest.mark.parametrize("actor", [99999, -5, 0])
def test_a_write_of_somebody_who_does_not_exist_is_refused(actor: int, victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor, actor=actor)
        with pytest.raises(psycopg2.Error, match=f"there is no person {actor}"):
            cursor.execute(CHANGE)


@pytest.mark.requirement("AUD-04")
@pytest.mark.parametrize(
    "reason", [" ", "\t\n", "\u200b", "\u2060\ufeff", "\u3164", "\u2800 ", "\u00ad", "\U000e0041"]
)
def test_a_reason_that_nobody_can_see_is_none(reason: str, victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor, reason=reason)
        with pytest.raises(psycopg2.Error, match="without a reason"):
            cursor.execute(CHANGE)


def test_database_and_program_agree_on_what_can_be_seen(victim: str) -> None:
    """Character by character, all of Unicode; and every blank, control and separator is none."""
    every = [chr(n) for n in range(1, 0x110000) if not 0xD800 <= n <= 0xDFFF]
    with connect("app", victim) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select array_agg(n) from generate_series(1, 1114111) n where n not between 55296 and 57343"
            " and audit.visible(chr(n)) is null"
        )
        unseen = {chr(n) for n in cursor.fetchone()[0]}
    assert unseen == {c for c in every if not is_visible(c)}
    assert {c for c in every if unicodedata.category(c) in {"Zs", "Zl", "Zp", "Cc"}} <= unseen
    assert not unseen & set("a1ß中あש.-?…№😀")


def _last_entry(cursor: Any, *columns: str) -> tuple[Any, ...]:
    cursor.execute(f"select {', '.join(columns)} from audit.event order by at desc limit 1")
    entry: tuple[Any, ...] = cursor.fetchone()
    return entry


CHANGE_ONE = (
    f"{CHANGE} where id = (select max(p.id) from enrollment_participant p"
    " where not exists (select from review_lock l where l.participant_id = p.id))"
)
LIE = {"name": "Dr. Nobody", "role": "investigator, admin"}


@pytest.mark.requirement("AUD-03")
def test_name_and_role_are_the_trails_own(victim: str) -> None:
    """Whatever the caller says: the person's name, and the roles they have in the study at that moment."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor, **LIE)
        cursor.execute(
            "select u.id, u.username, u.printed_name, m.id from accounts_user u"
            " join accounts_membership m on m.user_id = u.id where m.role = 'coordinator' order by u.id limit 1"
        )
        user, username, printed, membership = cursor.fetchone()
        cursor.execute("update accounts_user set printed_name = printed_name || '!' where id = %s", [user])
        assert _last_entry(cursor, "actor_name", "actor_role") == ("system (Trialsite)", "system")
        act_as(cursor, actor=user, **LIE)
        cursor.execute(CHANGE_ONE)
        assert _last_entry(cursor, "actor_name", "actor_role") == (f"{username} ({printed}!)", "coordinator")
        act_as(cursor)
        cursor.execute(
            "update accounts_membership set ends_at = clock_timestamp() where id = %s", [membership]
        )
        act_as(cursor, actor=user, role="coordinator")
        cursor.execute(CHANGE_ONE)
        assert _last_entry(cursor, "actor_name", "actor_role") == (f"{username} ({printed}!)", None)


def test_a_role_of_another_study_is_none_here(victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(
            "insert into accounts_study (code, short_title, synthetic) values ('OTHER', 'o', true) returning id"
        )
        (study,) = cursor.fetchone()
        cursor.execute(
            "insert into accounts_membership (user_id, study_id, role, starts_at, granted_by_id)"
            " select id, %s, 'monitor', now() - interval '1 day', 1 from accounts_user where username = 'coordinator'"
            " returning user_id",
            [study],
        )
        (user,) = cursor.fetchone()
        act_as(cursor, actor=user, role="monitor")
        cursor.execute(CHANGE_ONE)
        assert _last_entry(cursor, "actor_role") == ("coordinator",)
        cursor.execute("update accounts_study set short_title = 'p' where id = %s", [study])
        assert _last_entry(cursor, "actor_role") == ("monitor",)


def test_which_of_several_roles_the_caller_says(victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(
            "insert into accounts_membership (user_id, study_id, role, starts_at, granted_by_id)"
            " select user_id, study_id, 'monitor', now() - interval '1 day', 1 from accounts_membership"
            " where role = 'coordinator' limit 1 returning user_id"
        )
        (user,) = cursor.fetchone()
        for claimed, recorded in (
            ("monitor", "monitor"),
            ("", "coordinator, monitor"),
            ("admin", "coordinator, monitor"),
        ):
            act_as(cursor, actor=user, role=claimed)
            cursor.execute(CHANGE_ONE)
            assert _last_entry(cursor, "actor_role") == (recorded,)


@pytest.mark.parametrize("total", [3, 0, 26])
def test_a_total_that_is_not_the_sum_of_its_items_is_refused(total: int, victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        with pytest.raises(psycopg2.Error, match="assessment_total_is_sum"):
            cursor.execute(
                "update assessments_assessment set total = %s where id = (select min(id) from assessments_assessment"
                " where total is not null and total <> %s)",
                [total, total],
            )


def test_a_new_password_is_told_and_not_shown(spoilt: str) -> None:
    """That a password was changed stands in the trail; no hash of it does, and nothing to try guesses against: with
    the same hash as another person's, the digest is another one."""
    with connect("app", spoilt) as connection, connection, connection.cursor() as cursor:
        for name in ("coordinator", "monitor"):
            cursor.execute("select id from accounts_user where username = %s", [name])
            (user,) = cursor.fetchone()
            act_as(cursor, actor=user)
            cursor.execute("update accounts_user set password = 'argon2$abc' where id = %s", [user])
    with connect("report", spoilt) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select old ->> 'password', new ->> 'password' from audit.event"
            " where table_name = 'accounts_user' and op = 'U' and new ? 'password' order by n"
        )
        recorded = [text for pair in cursor.fetchall() for text in pair]
        assert all(re.fullmatch("not shown, digest [0-9a-f]{64}", text) for text in recorded)
        assert len(recorded) == len(set(recorded)) == 4
        cursor.execute("select count(*) from audit.event where old::text || new::text like '%argon2%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("role", ["app", "closed", "report", "verify", "owner"])
@pytest.mark.parametrize("table", ["audit.digest_key", "audit.person", "audit.membership"])
def test_nobody_reaches_the_keys_and_people_of_the_trail(role: str, table: str, victim: str) -> None:
    for statement in (
        f"select * from {table}",
        f"delete from {table}",
        f"insert into {table} default values",
    ):
        with connect(role, victim) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction read write")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


@pytest.mark.parametrize("role", ["app", "closed", "report", "verify"])
def test_nobody_but_the_owner_tries_guesses(role: str, victim: str) -> None:
    with (
        connect(role, victim) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("select audit.digest('accounts_user', '1', 'password', 'argon2$guess')")
