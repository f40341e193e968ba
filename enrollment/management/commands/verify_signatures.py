"""`manage.py verify_signatures`: every signature against the record, the signer's roles and the trail; and every
decision on eligibility, which is signed in its own row."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from enrollment.models import EligibilityDecision
from enrollment.selectors import broken_decisions
from trialsite.audit.verification import allowed
from trialsite.review.models import Signature
from trialsite.review.selectors import broken_signatures


class Command(BaseCommand):
    help = (
        "Check each signature: its own hash, the hash of exactly what was signed, that the signer might sign there then"
        " and had confirmed the password, that the trail tells of it, and of a voided one what voided it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with allowed():
            broken = broken_signatures()
            decisions = broken_decisions()
            signed = EligibilityDecision.objects.exclude(confirmation=None).count()
            in_force = Signature.objects.filter(voided_at=None).count()
            voided = Signature.objects.exclude(voided_at=None).count()
        for signature, faults in broken:
            place = f"visit {signature.visit_id}" if signature.visit_id else "casebook"
            self.stderr.write(
                f"Signature {signature.pk} of {signature.printed_name}, participant {signature.participant_id}, "
                f"{place}: {'; '.join(faults)}"
            )
        for decision, faults in decisions:
            self.stderr.write(
                f"Decision {decision.pk} on the eligibility of participant {decision.participant_id}: {'; '.join(faults)}"
            )
        if broken or decisions:
            raise CommandError(f"Signatures that do not hold: {len(broken) + len(decisions)}")
        self.stdout.write(
            f"Signatures in force: {in_force}; each is under exactly what was signed, by somebody who might sign it."
            f" Voided: {voided}; each by a change of what was signed. Signed decisions on eligibility: {signed}."
        )
