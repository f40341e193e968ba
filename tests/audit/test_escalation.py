"""Ways in which an owner, or a careless grant, might lend itself the rights of the trail's owner."""

import psycopg2
import pytest

from tests.audit.conftest import act_as, connect, execute

CAST = (
    "create type public.lever as enum ('x')",
    "create function public.pull(public.lever) returns json language plpgsql as"
    " $$ begin update audit.chain_head set n = 0; return '1'; end $$",
    "create cast (public.lever as json) with function public.pull(public.lever)",
)


@pytest.mark.requirement("AUD-02")
def test_no_code_of_the_owner_runs_as_the_trails_owner(spoilt: str) -> None:
    """to_jsonb would call the owner's cast with the trail's rights: a table with such a type is not audited at all."""
    with connect("owner", spoilt) as connection, connection.cursor() as cursor:
        act_as(cursor)
        for statement in (
            *CAST,
            "create table public.bait (id bigint, bite public.lever)",
            "create trigger audit_insert after insert on public.bait referencing new table as later_rows"
            " for each statement execute function audit.log('')",
        ):
            cursor.execute(statement)
        with pytest.raises(psycopg2.Error, match="cannot be audited"):
            cursor.execute("insert into public.bait values (1, 'x')")


@pytest.mark.parametrize(
    ("missing", "event"),
    [
        ("later_rows", "insert on public.accounts_study"),
        ("later_rows", "update on public.accounts_study referencing old table as earlier_rows"),
        ("earlier_rows", "update on public.accounts_study referencing new table as later_rows"),
    ],
    ids=["rows put in", "rows after a change", "rows before a change"],
)
def test_nothing_of_the_name_of_a_statements_rows_is_read_in_their_place(
    missing: str, event: str, spoilt: str
) -> None:
    """A view of the owner's, where the trigger does not hand the rows over, would run their code with the trail's rights."""
    execute("setup", spoilt, f'grant temporary on database "{spoilt}" to trialsite_owner')
    with connect("owner", spoilt) as connection, connection.cursor() as cursor:
        act_as(cursor)
        for statement in (
            "create function public.pull() returns int language plpgsql as"
            " $$ begin update audit.chain_head set n = 0; return 1; end $$",
            f"create temporary view {missing} as select public.pull() as id",
            f"grant select on {missing} to public",
            f"create trigger mine after {event} for each statement execute function audit.log('')",
        ):
            cursor.execute(statement)
        write = (
            "insert into accounts_study (code, short_title, synthetic) values ('N', 'N', true)"
            if event.startswith("insert")
            else "update accounts_study set short_title = 'N'"
        )
        with pytest.raises(psycopg2.Error, match="cannot be audited"):
            cursor.execute(write)


def test_a_type_slipped_into_a_trial_table_stops_its_writes(spoilt: str) -> None:
    """Rather no save than one that runs the owner's code with the trail's rights."""
    execute(
        "owner", spoilt, *CAST, "alter table accounts_study add column bite public.lever not null default 'x'"
    )
    with pytest.raises(psycopg2.Error, match="cannot be audited"):
        execute("app", spoilt, "update accounts_study set short_title = short_title || '!'")


def test_a_table_of_the_same_name_elsewhere_writes_no_entry(spoilt: str) -> None:
    """Entries name tables without a schema, so only those of `public` may write any."""
    with connect("owner", spoilt) as connection, connection.cursor() as cursor:
        act_as(cursor)
        cursor.execute("create table closed.assessments_assessment (id bigint, participant_id bigint)")
        cursor.execute(
            "create trigger audit_insert after insert on closed.assessments_assessment"
            " referencing new table as later_rows for each statement execute function audit.log('participant_id')"
        )
        with pytest.raises(psycopg2.Error, match="cannot be audited"):
            cursor.execute("insert into closed.assessments_assessment values (1, 1)")


def test_names_shadowed_in_a_temporary_schema_change_nothing(spoilt: str) -> None:
    """Even where temporary objects are allowed, the functions of the trail do not look at them."""
    with connect("setup", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f'grant temporary on database "{spoilt}" to trialsite_app')
    with connect("app", spoilt) as connection, connection.cursor() as cursor:
        act_as(cursor)
        for statement in (
            "create temporary table event (like audit.event)",
            "create temporary table chain_head (like audit.chain_head)",
            "create temporary table slot (id bigint)",
            "create function pg_temp.sha256(bytea) returns bytea language sql as $$ select '\\x00'::bytea $$",
            "create function pg_temp.to_jsonb(anyelement) returns jsonb language sql as $$ select '{}'::jsonb $$",
            "create function pg_temp.clock_timestamp() returns timestamptz language sql as $$ select '1-1-1'::timestamptz$$",
            "set search_path = pg_temp, public, pg_catalog, audit, closed",
            "update public.accounts_study set short_title = short_title || '!'",
        ):
            cursor.execute(statement)
        cursor.execute("select count(*) from pg_temp.event")
        assert cursor.fetchone() == (0,)
        cursor.execute("select count(*) from audit.verify()")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "select new ? 'short_title', at > now() - interval '1 hour' from audit.event"
            " where chain = 'system' order by n desc limit 1"
        )
        assert cursor.fetchone() == (True, True)


def test_the_web_sees_no_statistics_of_the_closed_tables(victim: str) -> None:
    """What the planner keeps of their columns would tell the arms."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_stats where schemaname = 'closed'")
        assert cursor.fetchone() == (0,)


def test_a_row_does_not_become_another_one(victim: str) -> None:
    """Nor another participant's: its entries stand in one chain, under one number."""
    for column in ("id", "participant_id"):
        with pytest.raises(psycopg2.Error, match=r"does not become another one|does not move"):
            execute("app", victim, f"update enrollment_fact set {column} = {column} + 100000")


def test_a_forged_context_is_told_with_the_role_that_connected(victim: str) -> None:
    """The web says who acts, and could lie: the entry keeps the database role, which it cannot choose."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        act_as(cursor, actor=1, name="system (Trialsite)")
        cursor.execute("update accounts_study set short_title = short_title || '!'")
        cursor.execute(
            "select actor, db_user, at from audit.event where chain = 'system' order by n desc limit 1"
        )
        actor, role, _ = cursor.fetchone()
        assert (actor, role) == (1, "trialsite_app")
