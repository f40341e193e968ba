"""What the database's functions say is what their files say, in a new database and in an upgraded one."""

from collections.abc import Callable
from typing import Any

from tests.audit.conftest import connect
from trialsite.audit import functions
from trialsite.stack import testing

# Made by migrations from a template of their own: trialsite/audit/triggers.py, review_kept.sql.
GENERATED = ("owe_", "review_kept_")
CATALOG = """
    select n.nspname || '.' || p.proname, pg_get_functiondef(p.oid), p.proowner::regrole::text, p.proacl::text
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'audit', 'closed') and p.prokind = 'f' order by 1
"""


def _catalog(name: str) -> dict[str, tuple[Any, ...]]:
    with connect("setup", name) as connection, connection.cursor() as cursor:
        cursor.execute(CATALOG)
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _written() -> dict[str, functions.Function]:
    written = [
        function for folder in (functions.TRAIL, *functions.folders()) for function in functions.read(folder)
    ]
    return {
        function.name if "." in function.name else f"public.{function.name}": function for function in written
    }


def test_each_function_has_its_file_and_says_what_that_says(victim: str) -> None:
    installed, written = _catalog(victim), _written()
    of_files = {name for name in installed if not name.removeprefix("public.").startswith(GENERATED)}
    assert of_files == written.keys()
    for name, function in written.items():
        definition = installed[name][0]
        assert function.body in definition, name
        assert function.definer == ("SECURITY DEFINER" in definition), name


def test_an_upgraded_database_has_the_functions_of_a_new_one(spoilt: str) -> None:
    """The earlier text of every function is replaced, whoever left it there."""
    new = _catalog(spoilt)
    with connect("owner", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "select p.oid::regprocedure::text from pg_proc p where p.prorettype = 'trigger'::regtype"
            " and p.pronamespace = 'public'::regnamespace and p.proname not like 'owe%'"
        )
        for (earlier,) in cursor.fetchall():
            cursor.execute(
                f"create or replace function {earlier} returns trigger language plpgsql as"
                " 'begin return null; end'"
            )
    assert _catalog(spoilt) != new
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    assert _catalog(spoilt) == new


def test_a_function_under_an_earlier_name_goes_and_its_going_is_recorded(
    spoilt: str, verify: Callable[..., list[str]]
) -> None:
    new = _catalog(spoilt)
    with connect("setup", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set role trialsite_audit")
        cursor.execute("create function audit.told(text, text) returns bigint language sql as 'select 1'")
    accept = ("accept_guard", "function audit.told(text,text)", "--reason", "an earlier version")
    testing.manage("owner", spoilt, *accept)
    assert verify(spoilt) == []
    testing.manage("owner", spoilt, "setup_database")
    assert _catalog(spoilt) == new
    assert verify(spoilt) == []


def test_functions_wait_until_nothing_is_left_to_migrate(spoilt: str) -> None:
    """A function of the last version may name what an earlier schema does not have."""
    empty = "returns trigger language plpgsql as 'begin return null; end'"
    with connect("owner", spoilt) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from django_migrations where name = (select max(name) from django_migrations where app = 'analysis')"
        )
        cursor.execute(f"create or replace function review_lock_takes_turn() {empty}")
    before = _catalog(spoilt)
    testing.manage("owner", spoilt, "migrate", "enrollment", "--verbosity", "0")
    assert _catalog(spoilt) == before
