"""`manage.py reseal_second_factors`: after a change of SECRET_KEY, with the earlier one in SECRET_KEY_FALLBACKS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trialsite.accounts.models import User
from trialsite.accounts.secondfactor import reseal


class Command(BaseCommand):
    help = "Seal the secret of every second factor under SECRET_KEY. Audited. May be run again and again."

    def handle(self, *args: Any, **options: Any) -> None:
        lost = reseal(by=User.objects.system())
        if lost:
            names = ", ".join(sorted(user.username for user in lost))
            raise CommandError(
                f"Neither SECRET_KEY nor SECRET_KEY_FALLBACKS opens the second factor of: {names}. Name the earlier"
                " key in SECRET_KEY_FALLBACKS and run this again, or reset them; their recovery codes work."
            )
        self.stdout.write("Every second factor in use is sealed under SECRET_KEY.")
