"""`manage.py verify_signatures`: every signature in force against what stands in the record now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trialsite.review.models import Signature
from trialsite.review.selectors import broken_signatures


class Command(BaseCommand):
    help = "Check each signature in force: its own hash, and the hash of exactly what was signed."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = broken_signatures()
        for signature in broken:
            place = f"visit {signature.visit_id}" if signature.visit_id else "casebook"
            self.stderr.write(
                f"Signature {signature.pk} of {signature.printed_name}, participant {signature.participant_id}, "
                f"{place}: does not fit the record"
            )
        if broken:
            raise CommandError(f"Signatures that do not hold: {len(broken)}")
        n = Signature.objects.filter(voided_at=None).count()
        self.stdout.write(f"Signatures in force: {n}; each is under exactly what was signed.")
