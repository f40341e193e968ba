"""`manage.py grant_role --study CODE --username NAME --role ROLE [--site CODE]`: by the operator of the machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from trialsite.accounts.models import Role, Study, User
from trialsite.accounts.services import grant_role


class Command(BaseCommand):
    help = "Give a person a role in a study, at one site or (without --site) at all of them. Audited."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True)
        parser.add_argument("--username", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--site")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"--study: no study {options['study']!r} is loaded.")
        user = User.objects.filter(username__iexact=options["username"], is_system=False).first()
        if user is None:
            raise CommandError(f"--username: nobody is called {options['username']!r}.")
        site = study.sites.filter(code=options["site"]).first() if options["site"] else None
        if options["site"] and site is None:
            raise CommandError(f"--site: {study.code} has no site {options['site']!r}.")
        try:
            grant_role(user, study, by=User.objects.system(), role=options["role"], site=site)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.username} is {options['role']} of {study.code} now.")
