"""What must hold before trial data may be written through a connection."""

from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from trialsite.audit import functions
from trialsite.lib import roles
from trialsite.lib.database import DatabaseCursor

# Tables without an audit trigger, each with the reason. tests/audit/test_coverage.py fails on any other.
UNAUDITED = {
    "accounts_session": "sessions come and go",
    "assessments_draft": "what was typed and not saved is no trial data",
    "assessments_recorddraft": "what was typed and not saved is no trial data",
    "assessments_importfile": "a file that waits to be imported; its SHA-256 and what came of it are audited",
    "enrollment_screeningdraft": "what was typed and not saved is no trial data",
    "audit_outbox": "pending entries, deleted when processed",
    "analysis_outcome": "derived: computed again from the ratings at any time",
    "analysis_participantoutcome": "derived: computed again from the ratings at any time",
    "analysis_studysummary": "derived: computed again from the ratings at any time",
    "auth_group": "Django's, empty: roles are memberships",
    "auth_group_permissions": "Django's, empty: roles are memberships",
    "auth_permission": "Django's, not asked: the policy table decides",
    "axes_accessattempt": "login attempts, a log of its own",
    "axes_accessattemptexpiration": "login attempts, a log of its own",
    "axes_accessfailurelog": "login attempts, a log of its own",
    "axes_accesslog": "login attempts, a log of its own",
    "django_content_type": "Django's own register of models",
    "django_migrations": "Django's own register of migrations; only the owner writes it",
}
ROOMS = {"trialsite", "enrollment", "assessments", "analysis"}
# pg_trigger.tgtype: 1 for each row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
AUDIT = {"insert": 4, "update": 16, "delete": 1 | 8}
BEFORE_TRUNCATE = 2 | 32


def audited_tables() -> set[str]:
    """Tables of trial data and settings: all of ours that are not named in UNAUDITED."""
    models = (m for m in apps.get_models() if m.__module__.partition(".")[0] in ROOMS and m._meta.managed)
    return {m._meta.db_table for m in models} - UNAUDITED.keys()


def problems(connection: BaseDatabaseWrapper) -> list[str]:
    """Sentences, empty when the connection is fit to serve."""
    with connection.cursor() as cursor:
        return [*identity(cursor), *durability(cursor), *migrations(cursor), *guard(cursor)]


def identity(cursor: DatabaseCursor) -> Iterator[str]:
    """Whom the process connects as: somebody who owns nothing and may delete nothing of the trial."""
    cursor.execute(
        "select rolsuper or rolcreaterole or rolbypassrls or rolreplication"
        "   or exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        "     where n.nspname in ('public', 'audit', 'closed') and pg_has_role(c.relowner, 'member'))"
        " from pg_roles where rolname = current_user"
    )
    if cursor.fetchone()[0]:
        yield "this process is connected as an owner or a superuser"
    for name in roles.moved(cursor):
        yield f"{name} is not as setup_database pins it for this role; run setup_database"
    cursor.execute("select has_database_privilege(current_database(), 'create, temporary')")
    if cursor.fetchone()[0]:
        yield "this process may make schemas or temporary tables; run setup_database"
    cursor.execute(
        "select t.name from unnest(%s) t(name) where has_table_privilege('public.' || t.name, 'delete, truncate, trigger')"
        " union all select t.name from unnest(array['audit.event', 'audit.chain_head']) t(name)"
        " where has_table_privilege(t.name, 'insert, update, delete, truncate, trigger')"
        " union all select c.oid::regclass::text from pg_class c where c.relnamespace = 'closed'::regnamespace"
        " and c.relkind = 'r' and has_table_privilege(c.oid, 'insert, update, delete, truncate, trigger') order by 1",
        [sorted(audited_tables() & _existing(cursor))],
    )
    for (table,) in cursor.fetchall():
        yield f"this process may do more with {table} than it should"


def durability(cursor: DatabaseCursor) -> Iterator[str]:
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        cursor.execute("select current_setting(%s)", [name])
        if cursor.fetchone()[0] == "off":
            yield f"{name} is off: a crash could lose acknowledged writes"


@cache
def _shipped() -> frozenset[tuple[str, str]]:
    """(app, name) of every migration of this version."""
    return frozenset(MigrationLoader(None).graph.nodes)


def migrations(cursor: DatabaseCursor) -> Iterator[str]:
    """The tables are those of this version: nothing is left to migrate, and nothing was that it does not know."""
    cursor.execute("select app, name from django_migrations")
    applied = set(cursor.fetchall())
    for app, name in sorted(_shipped() - applied):
        yield f"the migration {app} {name} is missing; run migrate"
    ours = {app for app, _ in _shipped()}
    for app, name in sorted(applied - _shipped()):
        if app in ours:
            yield f"the migration {app} {name} is of a newer version than this process"


def guard(cursor: DatabaseCursor) -> Iterator[str]:
    """The triggers that write the trail, on every table that has to have them, and the functions they call."""
    ours = audited_tables()
    missing = "has no enabled audit trigger on"
    for trigger, function, kind, tables, complaint in (
        *(
            (f"audit_{event}", "audit.log()", kind, ours, f"{missing} {event}")
            for event, kind in AUDIT.items()
        ),
        ("z_no_truncate", "audit.refuse()", BEFORE_TRUNCATE, ours, "can be truncated"),
        ("event_append_only", "audit.refuse()", 1 | 2 | 8 | 16, {"audit.event"}, "can be rewritten"),
        ("event_no_truncate", "audit.refuse()", BEFORE_TRUNCATE, {"audit.event"}, "can be truncated"),
    ):
        cursor.execute(
            "select t.tgrelid::regclass::text from pg_trigger t where t.tgname = %s and t.tgenabled = 'A'"
            " and t.tgtype = %s and t.tgfoid = to_regprocedure(%s) and t.tgqual is null and t.tgattr = ''",
            [trigger, kind, function],
        )
        guarded = {row[0] for row in cursor.fetchall()}
        for table in sorted(tables - guarded):
            yield f"{table} {complaint}"
    yield from _unsealed(cursor)
    yield from _detours(cursor)
    yield from _functions(cursor)


def _unsealed(cursor: DatabaseCursor) -> Iterator[str]:
    """Tables of the closed schema, but for the chain's own, whose rows do not all come under the chain."""
    cursor.execute(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'closed'::regnamespace"
        " and c.relkind not in ('i', 'S') and c.relowner <> 'trialsite_audit'::regrole and not exists ("
        "   select from pg_trigger t join pg_trigger r on r.tgrelid = c.oid and r.tgenabled = 'A'"
        "     and r.tgname = 'z_sealed' and r.tgfoid = to_regprocedure('audit.refuse()')"
        "   where t.tgrelid = c.oid and t.tgenabled = 'A'"
        "     and t.tgname = 'z_seal_added' and t.tgfoid = to_regprocedure('audit.seal_added()')"
        "     and (r.tgtype & 16 > 0 or exists (select from pg_trigger u where u.tgrelid = c.oid and u.tgenabled = 'A'"
        "       and u.tgname = 'z_seal_changed' and u.tgfoid = to_regprocedure('audit.seal_changed()')))) order by 1"
    )
    for (table,) in cursor.fetchall():
        yield f"{table} is not under the chain of the closed schema"


def _detours(cursor: DatabaseCursor) -> Iterator[str]:
    """A name that is no plain table, or rows that a table shows and its triggers do not see."""
    cursor.execute(
        "select c.oid::regclass::text from pg_class c where c.oid = any (%s::regclass[]) and (c.relkind <> 'r'"
        "  or c.relrowsecurity or exists (select from pg_rewrite r where r.ev_class = c.oid)"
        "  or exists (select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid))) order by 1",
        [sorted(audited_tables() & _existing(cursor))],
    )
    for (table,) in cursor.fetchall():
        yield f"{table} is not a plain table: something is written or read past its triggers"
    cursor.execute(
        "select s.subname from pg_subscription s join pg_database d on d.oid = s.subdbid"
        " where d.datname = current_database() order by 1"
    )
    for (name,) in cursor.fetchall():
        yield f"the subscription {name} brings in rows that no trigger of a statement sees"


def _functions(cursor: DatabaseCursor) -> Iterator[str]:
    """The functions of the trail and of the closed schema, word for word as this version of the product has them."""
    cursor.execute(
        "select n.nspname || '.' || p.proname, p.prosrc, p.prosecdef from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace where (n.nspname, p.proowner) in"
        "  (('audit', 'trialsite_audit'::regrole), ('closed', 'trialsite_owner'::regrole)) and exists"
        " (select from unnest(p.proconfig) c where c like 'search_path=pg\\_catalog, %%pg\\_temp')",
    )
    installed = {name: (source, definer) for name, source, definer in cursor.fetchall()}
    for command, folders in (("setup_database", [functions.TRAIL]), ("migrate", functions.folders())):
        for function in (each for folder in folders for each in functions.read(folder)):
            expected = function.name.startswith(("audit.", "closed."))
            if expected and installed.get(function.name) != (function.body, function.definer):
                yield f"the function {function.name} is not this version's; run {command}"


def _existing(cursor: DatabaseCursor) -> set[str]:
    cursor.execute("select relname from pg_class where relnamespace = 'public'::regnamespace")
    return {row[0] for row in cursor.fetchall()}


class Unfit(RuntimeError):
    """The process must not start: it could write trial data past the trail."""


def refuse_unfit(connection: BaseDatabaseWrapper) -> None:
    """At the start of web and workers. A database that does not answer yet is no reason: /readyz tells it then."""
    try:
        with connection.cursor() as cursor:
            reasons = [*identity(cursor), *migrations(cursor), *guard(cursor)]
            reasons += durability(cursor) if settings.SECURE else ()
    except OperationalError:
        return
    finally:
        connection.close()
    if reasons:
        raise Unfit("; ".join(reasons))
