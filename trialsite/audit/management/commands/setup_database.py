"""`manage.py setup_database`: roles, schemas, grants and the audit trail. Run before `migrate`, any number of times."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg2
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg2 import sql

from trialsite.audit import functions, guards
from trialsite.lib import roles
from trialsite.lib.database import DatabaseCursor

SQL = Path(__file__).resolve().parents[2] / "sql"
WHY = "manage.py setup_database"
# Of the cluster, so not in a dump: a database of an earlier version, restored beside the roles of this one, has them
# already. A role that the trail does not know yet is one that this version brings.
MADE = {f"settings of trialsite_{login}" for login in roles.LOGINS} | {
    "membership of trialsite_closed in trialsite_app",
    "membership of trialsite_verify in trialsite_report",
}
NEW = {f"role trialsite_{login}" for login in roles.LOGINS}
# Version 0.1.0 recorded constraints in a form that a dump does not bring back (trialsite/audit/settle.py): as it made
# them, and as a restore left them. These two are the same constraint.
READ_BACK = {
    "constraint membership_role_known on public.accounts_membership": (
        "b83d4bd11f6dab3e",
        "5b81b7e6d72d678a",
    ),
    "constraint participant_left_with_reason on public.enrollment_participant": (
        "05100ce47983155d",
        "0499ff4f65356c25",
    ),
    "constraint participant_randomised_at_known on public.enrollment_participant": (
        "4b13566195c0665a",
        "471450970d4db96b",
    ),
}


def set_up(url: str, passwords: dict[str, str], *, roles_only: bool = False) -> None:
    """Prepare the database at `url` (a role that may create roles). `passwords`: login role → password;
    a role without one keeps what it has. Safe beside other set-ups of the same cluster."""
    with (
        _alone_in_cluster(url),
        closing(psycopg2.connect(url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        unexplained = _unexplained(cursor)
        _roles(cursor, passwords)
        if not roles_only:
            cursor.execute((SQL / "schemas.sql").read_text())
            _trail(cursor)
            guards.record(cursor, WHY, but=unexplained)
        cursor.execute("reset role")


@contextmanager
def _alone_in_cluster(url: str) -> Iterator[None]:
    """Roles belong to the whole cluster, and two set-ups at once, of whichever databases, would race on them: "tuple
    concurrently updated". A lock by number is of one database, so it is taken in the one that every cluster has."""
    maintenance = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with closing(_connect(maintenance, otherwise=url)) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('trialsite.setup_database'))")
        yield


def _connect(url: str, *, otherwise: str) -> Any:
    """Where the role may not enter the maintenance database, set-ups of the same database at least take turns."""
    try:
        return psycopg2.connect(url)
    except psycopg2.OperationalError:
        return psycopg2.connect(otherwise)


def _unexplained(cursor: DatabaseCursor) -> set[str]:
    """Guards that differed from the trail before this command, by the function of the version before, and that are
    not what this command makes of them in any case."""
    cursor.execute(
        "select to_regprocedure('audit.guards()') is not null and to_regclass('audit.event') is not null"
    )
    if not cursor.fetchone()[0]:
        return set()
    return {
        name
        for name, (recorded, now) in guards.changed(cursor).items()
        if name not in MADE
        and (recorded is not None or name not in NEW)
        and READ_BACK.get(name) != (recorded, now)
    }


def _roles(cursor: DatabaseCursor, passwords: dict[str, str]) -> None:
    cursor.execute((SQL / "roles.sql").read_text())
    for name, password in passwords.items():
        role = sql.Identifier(f"trialsite_{name}")
        cursor.execute(sql.SQL("alter role {} login password {}").format(role, sql.Literal(password)))
    cursor.execute("select current_database()")
    roles.pin(cursor, cursor.fetchone()[0])


def _trail(cursor: DatabaseCursor) -> None:
    cursor.execute("grant trialsite_audit to current_user")
    cursor.execute("set role trialsite_audit")
    cursor.execute((SQL / "trail.sql").read_text())
    cursor.execute((SQL / "closed.sql").read_text())
    functions.replace_all(cursor, functions.TRAIL)
    cursor.execute((SQL / "rights.sql").read_text())


class Command(BaseCommand):
    help = "Create the database roles, schemas, grants and the audit trail. Needs SETUP_DATABASE_URL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--roles",
            action="store_true",
            help="only what a dump does not hold: the roles, their passwords and settings. Before a restore.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url = os.environ.get("SETUP_DATABASE_URL", "")
        if not url:
            raise CommandError("SETUP_DATABASE_URL is not set: name a role that may create roles.")
        passwords = {
            name: value
            for name in roles.LOGINS
            if (value := os.environ.get(f"TRIALSITE_{name.upper()}_PASSWORD"))
        }
        database = unquote(urlsplit(url).path.lstrip("/"))
        set_up(url, passwords, roles_only=options["roles"])
        parts = "the roles" if options["roles"] else "roles, schemas and audit trail"
        self.stdout.write(f"Database {database}: {parts} are in place.")
