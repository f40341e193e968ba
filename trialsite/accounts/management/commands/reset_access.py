"""`manage.py reset_access --username NAME (--password | --second-factor) --operator WHO --reason WHY`: at the machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from trialsite.accounts.models import AccessReset, User
from trialsite.accounts.services import invitation_of, reset_at_the_machine
from trialsite.lib.visible import is_visible

Kind = AccessReset.Kind


class Command(BaseCommand):
    help = (
        "Reset a person's password or second factor where no second administrator is. Audited as done at the machine;"
        " the person is told at the next sign-in, and signing rests as after every reset."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", required=True)
        kind = parser.add_mutually_exclusive_group(required=True)
        kind.add_argument("--password", dest="kind", action="store_const", const=Kind.PASSWORD)
        kind.add_argument("--second-factor", dest="kind", action="store_const", const=Kind.SECOND_FACTOR)
        parser.add_argument(
            "--operator", required=True, help="who sits at the machine; kept in the audit trail"
        )
        parser.add_argument("--reason", required=True, help="who asked, and how you know that it is they")
        parser.add_argument(
            "--base-url", default="", help="for example https://edc.example.org, before the link"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["username"], is_system=False).first()
        if user is None:
            raise CommandError(f"--username: nobody is called {options['username']!r}.")
        for name in ("operator", "reason"):
            if not is_visible(options[name]):
                raise CommandError(f"--{name} is empty.")
        reason = f"{options['reason'].strip()} (at the machine, by {options['operator'].strip()})"
        reset_at_the_machine(user, by=User.objects.system(), kind=options["kind"], reason=reason)
        if options["kind"] == Kind.SECOND_FACTOR:
            self.stdout.write(f"{user.printed_name} sets up another second factor at the next sign-in.")
            return
        path = reverse("invitation", args=invitation_of(User.objects.get(pk=user.pk)))
        self.stdout.write(
            f"Give this link, which works once, to {user.printed_name}: {options['base_url'].rstrip('/')}{path}"
        )
