"""`manage.py add_administrator --study CODE --username NAME --printed-name TEXT --base-url URL`: the first person."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from trialsite.accounts.models import Role, Study, User
from trialsite.accounts.services import invitation_of, invite


class Command(BaseCommand):
    help = "Invite the first administrator of a study; prints the one-time link to choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True)
        parser.add_argument("--username", required=True)
        parser.add_argument("--printed-name", required=True)
        parser.add_argument("--email", default="")
        parser.add_argument("--base-url", required=True, help="for example https://edc.example.org")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"--study: no study {options['study']!r} is loaded.")
        try:
            user = invite(
                study,
                by=User.objects.system(),
                username=options["username"],
                printed_name=options["printed_name"],
                email=options["email"],
                role=Role.ADMINISTRATOR,
                site=None,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        path = reverse("invitation", args=invitation_of(user))
        self.stdout.write(
            f"Give this link, which works once, to {user.printed_name}: {options['base_url'].rstrip('/')}{path}"
        )
