"""`manage.py verify_signatures`: every signature in force against what stands in the record now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trialsite.audit.verification import allowed
from trialsite.review.models import Signature
from trialsite.review.selectors import broken_signatures


class Command(BaseCommand):
    help = "Check each signature in force: its own hash, and the hash of exactly what was signed."

    def handle(self, *args: Any, **options: Any) -> None:
        with allowed():
            broken = broken_signatures()
            in_force = Signature.objects.filter(voided_at=None).count()
        for signature in broken:
            place = f"visit {signature.visit_id}" if signature.visit_id else "casebook"
            self.stderr.write(
                f"Signature {signature.pk} of {signature.printed_name}, participant {signature.participant_id}, "
                f"{place}: does not fit the record"
            )
        if broken:
            raise CommandError(f"Signatures that do not hold: {len(broken)}")
        self.stdout.write(f"Signatures in force: {in_force}; each is under exactly what was signed.")
