"""`manage.py accept_guard`: say in the trail that a guard was changed on purpose, outside of a migration."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from trialsite.audit import guards


class Command(BaseCommand):
    help = (
        "Write into the trail that the named objects are meant to be as they are now, and why. As the owner."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names", nargs="+", metavar="object", help='as verify_audit names it: "table closed.kit"'
        )
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if not reason:
            raise CommandError("Say why: the reason is empty.")
        with transaction.atomic(), connection.cursor() as cursor:
            changed = guards.changed(cursor)
            if unknown := [name for name in options["names"] if name not in changed]:
                raise CommandError(f"As the last migration left it, or no guard: {'; '.join(unknown)}")
            guards.record(cursor, reason, but=changed.keys() - set(options["names"]))
        for name in options["names"]:
            self.stdout.write(f"{name}: accepted as it is now")
