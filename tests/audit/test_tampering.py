"""What a superuser, whom nothing stops, does to the trail and to the tables; and what verify_audit says then."""

import pytest

from tests.audit.conftest import Verify, connect, execute
from trialsite.audit import replay, settle
from trialsite.audit.management.commands import migrate
from trialsite.stack import testing

OFF = "set session_replication_role = replica; alter table audit.event disable trigger all"
CHAIN = (
    "select chain from audit.event where chain like 'participant:%' group by chain having count(*) > 8"
    " order by 1 limit 1"
)
# What is done to entry 5 of one participant's chain → the number and the problem named.
ENTRIES = {
    "a new value": (
        "update audit.event set new = new || '{\"age\": 99}' where chain = {chain} and n = 5",
        5, "content does not match its hash",
    ),
    "another person": (
        "update audit.event set actor_name = 'somebody else' where chain = {chain} and n = 5",
        5, "content does not match its hash",
    ),
    "another hour": (
        "update audit.event set at = at - interval '1 hour' where chain = {chain} and n = 5",
        5, "content does not match its hash",
    ),
    "another reason, with its hash made to fit": (
        "update audit.event set reason = 'invented' where chain = {chain} and n = 5;"
        "update audit.event e set hash = audit.event_hash(e) where chain = {chain} and n = 5",
        6, "does not follow from the entry before it",
    ),
    "taken out": ("delete from audit.event where chain = {chain} and n = 5", 6, "gap in the numbering"),
    "taken out and the numbers closed": (
        "delete from audit.event where chain = {chain} and n = 5;"
        "update audit.event set n = n - 1000 where chain = {chain} and n > 5;"
        "update audit.event set n = n + 999 where chain = {chain} and n < 0",
        5, "does not follow from the entry before it",
    ),
    "put in": (
        "update audit.event set n = n + 1000 where chain = {chain} and n >= 5;"
        "update audit.event set n = n - 999 where chain = {chain} and n > 1000;"
        "insert into audit.event select chain, 5, at, txid, table_name, row_pk, op, actor, actor_name, actor_role,"
        " reason, request_id, ip, app_version, db_user, old, new, prev, hash"
        " from audit.event where chain = {chain} and n = 4",
        5, "does not follow from the entry before it",
    ),
    "two changed round": (
        "update audit.event set n = -1 where chain = {chain} and n = 5;"
        "update audit.event set n = 5 where chain = {chain} and n = 6;"
        "update audit.event set n = 6 where chain = {chain} and n = -1",
        5, "does not follow from the entry before it",
    ),
    "moved to another chain": (
        "update audit.event set chain = 'participant:424242', n = 1 where chain = {chain} and n = 5",
        6, "gap in the numbering",
    ),
    "the last one taken out": (
        "delete from audit.event where chain = {chain} and n ="
        " (select max(n) from audit.event where chain = {chain})",
        None, "the end of the chain is missing",
    ),
    "hidden in another study": (
        "update audit.event set study = study + 1 where chain = {chain} and n = 5",
        5, "stands under another study than its own",
    ),
    "hidden in none": (
        "update audit.event set study = null where chain = {chain} and n = 5",
        5, "stands under another study than its own",
    ),
    "the head forgotten": (
        "delete from audit.chain_head where chain = {chain}", None, "the end of the chain is missing",
    ),
}  # fmt: skip
# What is done to a table past its trigger → what is said of it. No chain is broken by any of these.
ROWS = {
    "a value": (
        "update enrollment_participant set age = age + 1 where id = (select min(id) from enrollment_participant)",
        "enrollment_participant, row 1: not as the trail says: age",
    ),
    "a row taken out": (
        "delete from enrollment_fact where id = (select min(id) from enrollment_fact)",
        "enrollment_fact, row 1: in the trail, not in the table",
    ),
    "a password": (
        "update accounts_user set password = password || 'x' where username = 'investigator'",
        "accounts_user, row {investigator}: password is not the one that the trail knows",
    ),
    "a row put in": (
        "insert into accounts_study (id, code, short_title, synthetic) values (900, 'FAKE', 'x', true)",
        "accounts_study, row 900: in the table, not in the trail",
    ),
}


def _as_superuser(name: str, statement: str) -> str:
    """Do it with every trigger off, put the triggers back, and return the chain that it was done to."""
    with connect("setup", name) as session, session, session.cursor() as cursor:
        cursor.execute(CHAIN)
        chain = cursor.fetchone()[0]
        cursor.execute(OFF)
        cursor.execute(
            "select tgrelid::regclass::text, tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
            " where tgenabled = 'A' and relnamespace = 'public'::regnamespace"
        )
        triggers = cursor.fetchall()
        for table, trigger in triggers:
            cursor.execute(f"alter table {table} disable trigger {trigger}")
        cursor.execute(statement.replace("{chain}", f"'{chain}'"))
        for table, trigger in triggers:
            cursor.execute(f"alter table {table} enable always trigger {trigger}")
        cursor.execute("alter table audit.event enable always trigger event_append_only")
        cursor.execute("alter table audit.event enable always trigger event_no_truncate")
    return str(chain)


def test_an_untouched_trail_is_found_whole(victim: str, verify: Verify) -> None:
    assert verify(victim) == []


@pytest.mark.requirement("AUD-05")
@pytest.mark.parametrize(("statement", "n", "problem"), ENTRIES.values(), ids=ENTRIES)
def test_the_broken_entry_is_named(
    statement: str, n: int | None, problem: str, spoilt: str, verify: Verify
) -> None:
    """By chain and number, whatever was done to it."""
    chain = _as_superuser(spoilt, statement)
    complaints = verify(spoilt)
    wanted = f"{chain}, entry {n}: {problem}" if n else f": {problem}"
    assert any(line.startswith(f"{chain}, ") and line.endswith(wanted) for line in complaints), complaints
    assert not any("since the last migration" in line for line in complaints), complaints


@pytest.mark.requirement("AUD-07")
@pytest.mark.parametrize(("statement", "sentence"), ROWS.values(), ids=ROWS)
def test_a_row_changed_past_its_trigger_is_named(
    statement: str, sentence: str, spoilt: str, verify: Verify
) -> None:
    """The triggers are back and every chain is whole: the table is not what the trail adds up to."""
    _as_superuser(spoilt, statement)
    with connect("setup", spoilt) as session, session.cursor() as cursor:
        cursor.execute("select id from accounts_user where username = 'investigator'")
        sentence = sentence.replace("{investigator}", str(cursor.fetchone()[0]))
    assert verify(spoilt)[:-1] == [sentence]


SECRETS = {
    "a sealed secret": ("accounts_authenticator", "sealed"),
    "the hash of a recovery code": ("accounts_recoverycode", "token_sha256"),
    "the hash of a calendar's address": ("enrollment_calendarfeed", "token_sha256"),
}
MAKE_SECRETS = (
    "insert into accounts_authenticator (id, name, confirmed, throttling_failure_count, user_id, sealed, last_step,"
    " created_at) values (901, 'x', false, 0, 1, 'one', 0, now())",
    "insert into accounts_recoverycode (id, authenticator_id, token_sha256) values (901, 901, 'one')",
    "insert into enrollment_calendarfeed (id, user_id, study_id, token_sha256, created_at)"
    " values (901, 1, 1, 'one', now())",
)


@pytest.mark.requirement("AUD-07")
@pytest.mark.parametrize(("table", "column"), SECRETS.values(), ids=SECRETS)
def test_a_secret_replaced_past_its_trigger_is_named(
    table: str, column: str, spoilt: str, verify: Verify
) -> None:
    execute("app", spoilt, *MAKE_SECRETS)
    assert verify(spoilt) == []
    _as_superuser(spoilt, f"update {table} set {column} = 'another' where id = 901")
    assert verify(spoilt)[:-1] == [f"{table}, row 901: {column} is not the one that the trail knows"]


def test_a_migration_does_not_hide_a_secret_that_was_replaced(spoilt: str, verify: Verify) -> None:
    _as_superuser(spoilt, "update accounts_user set password = 'x' where username = 'admin'")
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    assert "password is not the one that the trail knows" in verify(spoilt)[0]


def test_secrets_of_an_earlier_trail_get_their_digests(spoilt: str, verify: Verify) -> None:
    """What was there at the upgrade is known from then on."""
    with connect("setup", spoilt) as session, session, session.cursor() as cursor:
        cursor.execute("select id from accounts_user where username = 'admin'")
        (user,) = cursor.fetchone()
        cursor.execute("set role trialsite_audit")
        cursor.execute(
            "select audit.record('system', 'accounts_user', %s, null, %s, 'as before')",
            [str(user), '{"password": "not shown, changed"}'],
        )
    _as_superuser(spoilt, f"update accounts_user set password = 'x' where id = {user}")
    assert verify(spoilt) == []
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    assert verify(spoilt) == []
    _as_superuser(spoilt, f"update accounts_user set password = 'y' where id = {user}")
    assert verify(spoilt)[:-1] == [f"accounts_user, row {user}: password is not the one that the trail knows"]


def test_the_trails_own_people_are_held_against_its_entries(spoilt: str, verify: Verify) -> None:
    """Else a name changed there would stand under whatever the person does from then on."""
    _as_superuser(spoilt, "update audit.person set name = 'somebody else' where id = 1")
    assert verify(spoilt)[:-1] == ["the trail's own people: person 1: not kept as the entries say"]


@pytest.mark.requirement("AUD-05")
def test_numbers_have_no_gap_after_a_rollback(spoilt: str, verify: Verify) -> None:
    """An entry that was rolled back gives its number back."""
    change = "update accounts_study set short_title = short_title || '!' where code = 'KETNAL'"
    with connect("app", spoilt) as session, session.cursor() as cursor:
        for outcome in (session.rollback, session.commit, session.rollback, session.commit):
            cursor.execute(
                """select set_config('trialsite.context', '{"actor": 1, "name": "x", "reason": "r"}', true)"""
            )
            cursor.execute(change)
            outcome()
        cursor.execute("select max(n), count(*) from audit.event where chain = 'system'")
        last, entries = cursor.fetchone()
    assert last == entries
    assert verify(spoilt) == []


GUARDS = {
    "a function of the allocation": (
        "alter function closed.assign(bigint) security invoker",
        "function closed.assign(bigint): is not as it was since the last migration",
    ),
    "a lock's trigger": (
        "alter table assessments_assessment disable trigger x_kept_update",
        "trigger x_kept_update on public.assessments_assessment: is not as it was since the last migration",
    ),
    "a constraint": (
        "alter table assessments_assessment drop constraint assessment_items_valid",
        "constraint assessment_items_valid on public.assessments_assessment: is gone since the last migration",
    ),
    "a right": (
        "grant select on closed.kit to trialsite_app",
        "table closed.kit: is not as it was since the last migration",
    ),
    "a rule of uniqueness": (
        "drop index public.signed_once",
        "index public.signed_once on public.review_signature: is gone since the last migration",
    ),
    "a column that may be empty": (
        "alter table review_signature alter printed_name drop not null",
        "table public.review_signature: is not as it was since the last migration",
    ),
    "a right of one column": (
        "grant select (arm) on closed.kit to trialsite_app",
        "table closed.kit: is not as it was since the last migration",
    ),
    "a new function": (
        "create function public.helper() returns int language sql as 'select 1'",
        "function public.helper(): is new since the last migration",
    ),
}


@pytest.mark.parametrize(("statement", "sentence"), GUARDS.values(), ids=GUARDS)
def test_a_guard_that_the_owner_changed_is_named(
    statement: str, sentence: str, spoilt: str, verify: Verify
) -> None:
    """The owner of the tables may do it; it does not stay hidden."""
    execute("owner", spoilt, statement)
    assert sentence in verify(spoilt)


def test_a_migration_does_not_hide_what_was_changed_before_it(spoilt: str, verify: Verify) -> None:
    """It tells the trail of its own changes only."""
    statement, sentence = ROWS["a value"]
    _as_superuser(spoilt, statement)
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    assert verify(spoilt)[:-1] == [sentence]


def test_of_a_table_that_a_migration_rewrites_only_its_own_changes_are_told(
    spoilt: str, verify: Verify
) -> None:
    """What differed before is still named afterwards, though the table is another and every row in it is new."""
    statement, sentence = ROWS["a value"]
    _as_superuser(spoilt, statement)
    with connect("owner", spoilt) as session, session, session.cursor() as cursor:
        before = migrate.rows_before(cursor)
        cursor.execute("alter table enrollment_participant alter column version type bigint")
    _as_superuser(
        spoilt,
        "update enrollment_participant set age = age + 1 where id = (select max(id) from"
        " enrollment_participant)",
    )
    with connect("owner", spoilt) as session, session, session.cursor() as cursor:
        before.record_others(cursor)
    with connect("report", spoilt) as session, session.cursor() as cursor:
        cursor.execute(
            "select count(*) from audit.event where op = 'M' and table_name = 'enrollment_participant'"
        )
        assert cursor.fetchone() == (1,)
    assert sentence in verify(spoilt)


def test_what_a_migration_makes_of_a_row_is_told(spoilt: str, verify: Verify) -> None:
    """As the migration's own doing, with what was there before; then the table is again what the trail says."""
    _as_superuser(spoilt, ROWS["a value"][0])
    with connect("owner", spoilt) as session, session, session.cursor() as cursor:
        (difference,) = replay.differences(cursor)
        replay.record(cursor, difference, "ages were a year late")
    assert verify(spoilt) == []
    with connect("report", spoilt) as session, session.cursor() as cursor:
        cursor.execute(
            "select actor, actor_name, reason, db_user, (new ->> 'age')::int - (old ->> 'age')::int"
            " from audit.event where op = 'M' and table_name = 'enrollment_participant'"
        )
        assert cursor.fetchall() == [(0, "migration", "ages were a year late", "trialsite_owner", 1)]


def test_a_migration_does_not_accept_a_guard_that_was_changed_before_it(spoilt: str, verify: Verify) -> None:
    """Nor does setup_database: running them again silences nothing."""
    statement, sentence = GUARDS["a right"]
    execute("owner", spoilt, statement)
    for command in (("setup_database",), ("migrate", "--verbosity", "0")):
        testing.manage("owner", spoilt, *command)
    assert verify(spoilt)[:-1] == [sentence]


def test_a_migration_tells_what_it_changed_of_the_guards(spoilt: str, verify: Verify) -> None:
    """By name, so that it can be seen in the trail when a guard was changed. Here a function of an earlier version,
    explained as that, which migrate replaces."""
    execute("owner", spoilt, EARLIER)
    testing.manage("owner", spoilt, "accept_guard", TURNS, "--reason", "an earlier version")
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    assert verify(spoilt) == []
    with connect("report", spoilt) as session, session.cursor() as cursor:
        cursor.execute(LAST_OF_GUARDS)
        assert cursor.fetchone() == ("manage.py migrate", [TURNS])


EARLIER = (
    "create or replace function review_lock_takes_turn() returns trigger language plpgsql as"
    " 'begin return new; end'"
)
TURNS = "function public.review_lock_takes_turn()"
LAST_OF_GUARDS = (
    "select reason, array(select jsonb_object_keys(new)) from audit.event where table_name = 'guards'"
    " order by n desc limit 1"
)


def test_a_guard_changed_on_purpose_is_accepted_by_name_with_a_reason(spoilt: str, verify: Verify) -> None:
    """Only what is named; the reason stands in the trail."""
    for name in ("a right", "a new function"):
        execute("owner", spoilt, GUARDS[name][0])
    testing.manage("owner", spoilt, "accept_guard", "table closed.kit", "--reason", "for the pharmacy's list")
    assert verify(spoilt)[:-1] == [GUARDS["a new function"][1]]
    with connect("report", spoilt) as session, session.cursor() as cursor:
        cursor.execute(LAST_OF_GUARDS)
        assert cursor.fetchone() == ("for the pharmacy's list", ["table closed.kit"])


@pytest.mark.parametrize(("name", "reason"), [("table closed.kit", "r"), ("table closed.kitt", "r")])
def test_what_was_not_changed_cannot_be_accepted(name: str, reason: str, spoilt: str) -> None:
    with pytest.raises(RuntimeError, match="no guard"):
        testing.manage("owner", spoilt, "accept_guard", name, "--reason", reason)


def test_constraints_are_kept_as_a_dump_brings_them_back(spoilt: str, verify: Verify) -> None:
    """A constraint that PostgreSQL writes down otherwise once it has read its own text is made anew by migrate."""
    unsettled = "check (code in ('a', 'b') or code <> 'c')"
    with connect("owner", spoilt) as session, session, session.cursor() as cursor:
        assert settle.settle(cursor) == []
        cursor.execute(f"alter table accounts_study add constraint mine {unsettled}")
        cursor.execute(
            "create unique index my_index on accounts_study (code) where short_title in ('a', 'b')"
        )
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    assert verify(spoilt) == []
    with connect("owner", spoilt) as session, session.cursor() as cursor:
        assert settle.settle(cursor) == []
