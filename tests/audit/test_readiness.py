"""What the web and the workers look at before they serve, each broken once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as django_connection

from tests.audit.conftest import Inside, Verify, connect
from trialsite.audit import readiness
from trialsite.stack import testing

ROOT = Path(__file__).resolve().parents[2]
RATING = "assessments_assessment"
# What an owner or a superuser does → what readiness says.
BROKEN = {
    **{
        f"{event} trigger {how}": ("owner", statement.format(event=event), f"no enabled audit trigger on {event}")
        for event in ("insert", "update", "delete")
        for how, statement in {
            "disabled": f"alter table {RATING} disable trigger audit_{{event}}",
            "for replicas only": f"alter table {RATING} enable replica trigger audit_{{event}}",
            "not for replicas": f"alter table {RATING} enable trigger audit_{{event}}",
            "dropped": f"drop trigger audit_{{event}} on {RATING}",
        }.items()
    },
    "trigger with another function": (
        "owner",
        "create function public.nothing() returns trigger language plpgsql as 'begin return null; end';"
        f" create or replace trigger audit_insert after insert on {RATING}"
        " for each statement execute function public.nothing();"
        f" alter table {RATING} enable always trigger audit_insert",
        f"{RATING} has no enabled audit trigger on insert",
    ),
    "trigger that looks at nothing": (
        "owner",
        f"create or replace trigger audit_update after update on {RATING}"
        " referencing old table as earlier_rows new table as later_rows"
        " for each statement when (false) execute function audit.log('participant_id', 'version');"
        f" alter table {RATING} enable always trigger audit_update",
        f"{RATING} has no enabled audit trigger on update",
    ),
    "trigger of another event": (
        "owner",
        f"create or replace trigger audit_update after insert on {RATING} referencing new table as later_rows"
        " for each statement execute function audit.log('participant_id', 'version');"
        f" alter table {RATING} enable always trigger audit_update",
        f"{RATING} has no enabled audit trigger on update",
    ),
    "trigger of one column": (
        "owner",
        f"create or replace trigger audit_update after update of rater on {RATING}"
        " for each statement execute function audit.log('participant_id', 'version');"
        f" alter table {RATING} enable always trigger audit_update",
        f"{RATING} has no enabled audit trigger on update",
    ),
    "a subscription": (
        "setup",
        "create subscription mine connection 'dbname=other' publication p with (connect = false, slot_name = none)",
        "the subscription mine brings in rows that no trigger of a statement sees",
    ),
    "truncation allowed": ("owner", f"drop trigger z_no_truncate on {RATING}", f"{RATING} can be truncated"),
    "right to delete": (
        "owner", f"grant delete on {RATING} to trialsite_app", f"this process may do more with {RATING} than it should",
    ),
    "rule": (
        "owner", f"create rule mine as on update to {RATING} do instead nothing", f"{RATING} is not a plain table",
    ),
    "rows of a child": (
        "owner", f"create table public.child () inherits ({RATING})", f"{RATING} is not a plain table",
    ),
    "policy": ("owner", f"alter table {RATING} enable row level security", f"{RATING} is not a plain table"),
    "a view in its place": (
        "owner",
        f"alter table {RATING} rename to other; create view {RATING} as select * from other",
        f"{RATING} is not a plain table",
    ),
    "a table without triggers in its place": (
        "owner",
        f"alter table {RATING} rename to other; create table {RATING} (like other)",
        f"{RATING} has no enabled audit trigger",
    ),
    "entries can be rewritten": (
        "setup", "alter table audit.event disable trigger event_append_only", "audit.event can be rewritten",
    ),
    "the web may write entries": (
        "setup", "grant insert on audit.event to trialsite_app", "this process may do more with audit.event",
    ),
    "another log function": (
        "setup",
        "create or replace function audit.log() returns trigger language plpgsql security definer"
        " set search_path = pg_catalog, audit, pg_temp as 'begin return null; end'",
        "the function audit.log is not this version's",
    ),
    "log function with its caller's rights": (
        "setup", "alter function audit.log() security invoker", "the function audit.log is not this version's",
    ),
    "log function that finds other names": (
        "setup", "alter function audit.log() set search_path = public", "the function audit.log is not this version's",
    ),
    "log function of another owner": (
        "setup", "alter function audit.log() owner to trialsite_owner", "the function audit.log is not this version's",
    ),
    "the web is a member of the owner": (
        "setup", "grant trialsite_owner to trialsite_app", "connected as an owner or a superuser",
    ),
    "a migration is missing": (
        "owner", "delete from django_migrations where app = 'review' and name = '0002_rules'",
        "the migration review 0002_rules is missing; run migrate",
    ),
    "a migration of a newer version": (
        "owner", "insert into django_migrations (app, name, applied) values ('review', '9999_next', now())",
        "the migration review 9999_next is of a newer version than this process",
    ),
    "a setting of the web's role": (
        "setup", "do $$ begin execute format('alter role trialsite_app in database %I set synchronous_commit = off',"
        " current_database()); end $$",
        "synchronous_commit is not as setup_database pins it for this role",
    ),
    "no pins": (
        "setup", "do $$ begin execute format('alter role trialsite_app in database %I reset all',"
        " current_database()); end $$",
        "search_path is not as setup_database pins it for this role",
    ),
    "temporary tables": (
        "setup", "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
        "may make schemas or temporary tables",
    ),
}  # fmt: skip


def _seen(connection: Any) -> list[str]:
    """Without durability: the test servers are fast and not durable."""
    with connection.cursor() as cursor:
        return [*readiness.identity(cursor), *readiness.migrations(cursor), *readiness.guard(cursor)]


@pytest.fixture
def web(victim: str) -> Iterator[Any]:
    with connect("app", victim) as connection:
        yield connection


def test_an_untouched_database_is_fit(web: Any) -> None:
    assert _seen(web) == []


@pytest.mark.requirement("AUD-09")
@pytest.mark.parametrize(("role", "statement", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_guard_is_seen(role: str, statement: str, sentence: str, victim: str) -> None:
    """The breaker changes it and looks in one transaction as the web would, then leaves it as it was."""
    with connect("setup", victim) as connection, connection.cursor() as cursor:
        if role == "owner":
            cursor.execute("set local role trialsite_owner")
        cursor.execute(statement)
        cursor.execute("set local role trialsite_app")
        assert any(sentence in complaint for complaint in _seen(connection)), _seen(connection)


@pytest.mark.parametrize("role", ["owner", "setup"])
def test_the_web_does_not_run_as_owner_or_superuser(role: str, victim: str) -> None:
    with connect(role, victim) as connection:
        assert "this process is connected as an owner or a superuser" in _seen(connection)


@pytest.mark.requirement("AUD-09")
@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_settings_that_could_lose_a_commit_are_seen(name: str, victim: str) -> None:
    """The test servers have the first two off; the third is a session's own."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        if name == "synchronous_commit":
            assert not any(complaint.startswith(name) for complaint in readiness.durability(cursor))
            cursor.execute("set synchronous_commit = off")
        cursor.execute("select current_setting(%s)", [name])
        off = cursor.fetchone() == ("off",)
        assert off == any(
            complaint.startswith(f"{name} is off") for complaint in readiness.durability(cursor)
        )


WEB = ["-c", "import trialsite.wsgi; print('serving')"]
WORKER = [
    "-m",
    "celery",
    "-A",
    "trialsite",
    "worker",
    "-c",
    "1",
    "-Q",
    "none",
    "--without-gossip",
    "--without-mingle",
]


def _start(role: str, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **testing.environment(role, name)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_web_starts_as_the_role_that_owns_nothing(victim: str) -> None:
    assert "serving" in _start("app", victim, WEB).stdout


@pytest.mark.requirement("AUD-09")
@pytest.mark.parametrize("command", [WEB, WORKER], ids=["web", "worker"])
@pytest.mark.parametrize("role", ["owner", "setup"])
def test_neither_web_nor_worker_starts_as_owner_or_superuser(
    role: str, command: list[str], victim: str
) -> None:
    done = _start(role, victim, command)
    assert done.returncode != 0
    assert "connected as an owner or a superuser" in done.stderr


@pytest.mark.parametrize("command", [WEB, WORKER], ids=["web", "worker"])
def test_neither_web_nor_worker_starts_with_a_migration_missing(command: list[str], spoilt: str) -> None:
    with connect("owner", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'review' and name = '0002_rules'")
    done = _start("app", spoilt, command)
    assert done.returncode != 0
    assert "the migration review 0002_rules is missing" in done.stderr


def test_what_a_role_sets_for_itself_does_not_reach_the_web(
    spoilt: str, inside: Inside, verify: Verify
) -> None:
    """PostgreSQL lets every role change its own settings. What the web asks for when it connects goes before them,
    its readiness and verify_audit name what was moved, and setup_database puts it back."""
    with connect("app", spoilt) as session, session, session.cursor() as cursor:
        for setting in (
            "synchronous_commit = off",
            "search_path = audit, public",
            "default_transaction_read_only = on",
        ):
            cursor.execute(f'alter role trialsite_app in database "{spoilt}" set {setting}')
    with inside(spoilt), django_connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('synchronous_commit'), current_setting('search_path'),"
            " current_setting('default_transaction_read_only')"
        )
        assert cursor.fetchone() == ("on", "public", "off")
        assert len([line for line in readiness.identity(cursor) if "pins" in line]) == 3
    assert "settings of trialsite_app: is not as it was since the last migration" in verify(spoilt)
    testing.manage("owner", spoilt, "setup_database")
    assert verify(spoilt) == []


def test_the_web_does_not_start_without_a_trigger(spoilt: str) -> None:
    with connect("owner", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"alter table {RATING} disable trigger audit_insert")
    done = _start("app", spoilt, WEB)
    assert done.returncode != 0
    assert f"{RATING} has no enabled audit trigger" in done.stderr
