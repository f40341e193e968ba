"""`manage.py verify_audit`: every hash chain, entry by entry."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection


class Command(BaseCommand):
    help = "Verify the audit trail; names each broken entry and ends with an error when there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select chain, n, problem from audit.verify() order by chain, n")
            broken = cursor.fetchall()
            cursor.execute("select count(*), count(distinct chain) from audit.event")
            entries, chains = cursor.fetchone()
        for chain, n, problem in broken:
            self.stderr.write(f"{chain}, entry {n}: {problem}")
        if broken:
            raise CommandError(f"{len(broken)} of {entries} entries are broken.")
        self.stdout.write(f"{entries} entries in {chains} chains: every one follows from the one before it.")
