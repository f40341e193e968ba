"""`manage.py setup_database`: roles, schemas, grants and the audit trail. Run before `migrate`, any number of times."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
from django.core.management.base import BaseCommand, CommandError
from psycopg2 import sql

from trialsite.audit import functions

SQL = Path(__file__).resolve().parents[2] / "sql"
LOGINS = ("owner", "app", "closed", "report")


def set_up(url: str, passwords: dict[str, str]) -> None:
    """Prepare the database at `url` (a role that may create roles). `passwords`: login role → password;
    a role without one keeps what it has. Safe beside other set-ups of the same cluster."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            # Roles belong to the whole cluster: two set-ups at once would race on them.
            cursor.execute("select pg_advisory_xact_lock(hashtext('trialsite.setup_database'))")
            cursor.execute((SQL / "roles.sql").read_text())
            for name, password in passwords.items():
                role = sql.Identifier(f"trialsite_{name}")
                cursor.execute(sql.SQL("alter role {} login password {}").format(role, sql.Literal(password)))
            cursor.execute("grant trialsite_audit to current_user")
            cursor.execute("set role trialsite_audit")
            cursor.execute((SQL / "trail.sql").read_text())
            functions.replace_all(cursor, functions.TRAIL)
            cursor.execute((SQL / "rights.sql").read_text())
            cursor.execute("reset role")
    finally:
        connection.close()


class Command(BaseCommand):
    help = "Create the database roles, schemas, grants and the audit trail. Needs SETUP_DATABASE_URL."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        url = os.environ.get("SETUP_DATABASE_URL", "")
        if not url:
            raise CommandError("SETUP_DATABASE_URL is not set: name a role that may create roles.")
        passwords = {
            name: value for name in LOGINS if (value := os.environ.get(f"TRIALSITE_{name.upper()}_PASSWORD"))
        }
        database = unquote(urlsplit(url).path.lstrip("/"))
        set_up(url, passwords)
        self.stdout.write(f"Database {database}: roles, schemas and audit trail are in place.")
