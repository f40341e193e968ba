"""`manage.py generate_allocation --study CODE`: extend the lists of all sites, as the unblinded worker does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.monitoring.services.closed import generate_lists
from trialsite.accounts.models import Study


class Command(BaseCommand):
    help = (
        "Make or extend the allocation lists of a study. Runs with the trialsite_closed role; prints no list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--study", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"--study: no study {options['study']!r} is loaded.")
        generate_lists(list(study.sites.values_list("pk", flat=True)))
        self.stdout.write(f"The allocation lists of {study.code} have free places.")
