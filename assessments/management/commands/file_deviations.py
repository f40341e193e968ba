"""`manage.py file_deviations`: the deviations of what was recorded before they filed themselves."""

from typing import Any

from django.core.management.base import BaseCommand

from assessments.deviations.services import file_everywhere
from trialsite.accounts.models import User


class Command(BaseCommand):
    help = "File the deviations of what is recorded, each once. After an upgrade; later calls change nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        filed = file_everywhere(by=User.objects.system())
        self.stdout.write(f"{filed} deviations filed.")
