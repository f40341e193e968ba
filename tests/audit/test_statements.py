"""However a statement writes its rows, each has its entry, in the chain of its participant."""

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from tests.audit.conftest import act_as, connect

FACT = "enrollment_fact (participant_id, name, source, recorded_at)"
PEOPLE = (
    "(select id from enrollment_participant p where not exists (select from review_lock l where l.study_id = p.study_id"
    " and (l.participant_id is null or l.participant_id = p.id)) order by id limit 9) p"
)
MINE = "(select id from enrollment_fact where name like 'mine%')"
# The statement → how many entries it writes.
STATEMENTS = {
    "many rows": (f"insert into {FACT} select id, 'more', 's', now() from {PEOPLE}", 9),
    "rows of people in turn": (
        f"insert into {FACT} select id, 'turn ' || i, 's', now() from {PEOPLE}, generate_series(1, 3) i order by i, id",
        27,
    ),
    "more than are put in at once": (
        f"insert into {FACT} select id, 'n ' || i, 's', now() from {PEOPLE}, generate_series(1, 100) i",
        900,
    ),
    "a change of many": (f"update enrollment_fact set source = 'other' where id in {MINE}", 18),
    "a change of some": (
        f"update enrollment_fact set source = case when name = 'mine 1' then 'other' else source end where id in {MINE}",
        9,
    ),
    "a change of nothing": (f"update enrollment_fact set source = source where id in {MINE}", 0),
    "a change of no row": ("update enrollment_fact set source = 'other' where false", 0),
    "rows put in or changed": (
        f"insert into {FACT} select id, case when id % 2 = 0 then 'mine 1' else 'upsert' end, 'upsert', now()"
        f" from {PEOPLE} on conflict (participant_id, name) do update set source = excluded.source",
        9,
    ),
    "a merge": (
        f"merge into enrollment_fact f using {PEOPLE} on f.participant_id = p.id and f.name = 'mine 2' and p.id % 2 = 0"
        " when matched then update set source = 'merged'"
        " when not matched then insert (participant_id, name, source, recorded_at) values (p.id, 'merged', 's', now())",
        9,
    ),
    "two writes in one statement": (
        f"with a as (insert into {FACT} select id, 'with', 's', now() from {PEOPLE} returning id),"
        f" b as (update enrollment_fact set source = 'b' where name = 'mine 1' and id in {MINE} returning id)"
        f" update enrollment_fact set source = 'c' where name = 'mine 2' and id in {MINE}",
        27,
    ),
}
# Entries that are not as a hash, a row or another table of the trail has it.
FAULTS = "select chain, n, problem from audit.verify() union all select 'people', 0, problem from audit.verify_actors()"
TRIGGERS = (
    "select pg_get_triggerdef(oid), tgenabled from pg_trigger where not tgisinternal"
    " and tgrelid = 'public.enrollment_fact'::regclass order by 1"
)


def _ask(cursor: Any, question: str) -> list[tuple[Any, ...]]:
    cursor.execute(question)
    return list(cursor.fetchall())


def _rows(cursor: Any) -> dict[str, Any]:
    return dict(_ask(cursor, "select id::text, to_jsonb(f) from enrollment_fact f"))


@pytest.mark.requirement("AUD-01")
@pytest.mark.parametrize(("statement", "entries"), STATEMENTS.values(), ids=STATEMENTS)
def test_each_row_of_a_statement_has_its_entry(statement: str, entries: int, victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(
            f"insert into {FACT} select id, 'mine ' || i, 's', now() from {PEOPLE}, generate_series(1, 2) i"
        )
        before = _rows(cursor)
        (start,) = _ask(cursor, "select clock_timestamp()")
        cursor.execute(statement)
        after = _rows(cursor)
        cursor.execute(
            "select row_pk, chain, op, old, new from audit.event where at > %s and table_name = 'enrollment_fact'",
            start,
        )
        written = {row[0]: row[1:] for row in cursor.fetchall()}
        assert len(written) == entries
        assert written.keys() == {key for key in after if after[key] != before.get(key)}
        for key, (chain, op, old, new) in written.items():
            was, becomes = before.get(key), after[key]
            names = [name for name in becomes if was is None or was[name] != becomes[name]]
            assert chain == f"participant:{becomes['participant_id']}"
            assert op == ("I" if was is None else "U")
            assert old == (None if was is None else {name: was[name] for name in names})
            assert new == {name: becomes[name] for name in names}
        assert _ask(cursor, FAULTS) == []
        connection.rollback()


@pytest.mark.requirement("AUD-01")
def test_rows_that_are_copied_in_have_their_entries(victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        ((person,),) = _ask(cursor, f"select min(id) from {PEOPLE}")
        rows = io.StringIO("".join(f"{person}\tcopied {n}\ts\t2024-01-01\n" for n in range(7)))
        cursor.copy_expert(f"copy {FACT} from stdin", rows)
        assert _ask(cursor, "select count(*) from audit.event where new ->> 'name' like 'copied _'") == [(7,)]
        assert _ask(cursor, FAULTS) == []
        connection.rollback()


def test_the_head_of_a_chain_is_written_once_for_rows_side_by_side(victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(
            f"insert into {FACT} select id, 'side ' || i, 's', now() from {PEOPLE}, generate_series(1, 5) i order by 1"
        )
        assert _ask(
            cursor,
            "select n_tup_upd from pg_stat_xact_all_tables where schemaname = 'audit' and relname = 'chain_head'",
        ) == [(9,)]
        connection.rollback()


def test_people_who_come_by_one_statement_are_kept_one_by_one(victim: str) -> None:
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(
            "insert into accounts_membership (user_id, study_id, site_id, role, granted_by_id, starts_at)"
            " select u.id, s.id, null, 'monitor', 1, now() from accounts_user u, accounts_study s"
            " where not exists (select from accounts_membership m where m.user_id = u.id) and not u.is_system limit 3"
        )
        assert _ask(cursor, FAULTS) == []
        connection.rollback()


def test_a_database_on_its_way_through_migrate_is_audited_by_the_row(
    spoilt: str, verify: Callable[..., list[str]]
) -> None:
    """As earlier versions made it; then it is brought to what a new one has."""
    migration = import_module("trialsite.audit.migrations.0012_by_statement")
    with connect("owner", spoilt) as connection, connection, connection.cursor() as cursor:
        new = _ask(cursor, TRIGGERS)
        for event in ("insert", "update", "delete"):
            cursor.execute(f"drop trigger audit_{event} on enrollment_fact")
        cursor.execute(
            "create trigger z_audit after insert or update or delete on enrollment_fact"
            " for each row execute function audit.log('participant_id', 'source', 'recorded_at');"
            " alter table enrollment_fact enable always trigger z_audit"
        )
    with connect("app", spoilt) as connection, connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute(f"insert into {FACT} select id, 'mine', 's', now() from {PEOPLE}")
        cursor.execute(f"update enrollment_fact set source = 'other' where id in {MINE}")
        assert _ask(
            cursor, "select op, count(*) from audit.event where new ->> 'name' = 'mine' group by 1"
        ) == [("I", 9)]
    with connect("owner", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute(migration.BY_STATEMENT)
        assert _ask(cursor, TRIGGERS) == new
    assert verify(spoilt) == []
