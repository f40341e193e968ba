"""What is recorded of somebody who may take part, and what was decided on it."""

from django.db import models
from django.utils import timezone

from enrollment.models.participant import Participant
from trialsite.accounts.models import AccessEvent, User


class ScreeningFact(models.Model):
    """What eligibility is judged on: one current value per name. The audit trail keeps the earlier ones."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="facts")
    name = models.CharField(max_length=60)
    value = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, help_text="1 and 0 stand for yes and no."
    )
    source = models.CharField(
        max_length=100, help_text="Where it comes from: a form or a rating and its version."
    )
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "enrollment_fact"
        constraints = [models.UniqueConstraint(fields=["participant", "name"], name="fact_once")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


class ScreeningDraft(models.Model):
    """What a user has typed into a screening form and not saved. Not trial data: replaced at will, deleted on save."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    fields = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "participant"], name="screening_draft_once"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class EligibilityDecision(models.Model):
    """An investigator's decision, with the criteria and the facts it judged. Never changed; the latest counts."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="decisions")
    eligible = models.BooleanField()
    criteria = models.JSONField(help_text="Verdict and reason of each criterion at that moment.")
    facts = models.JSONField(help_text="The values judged, with their sources.")
    comment = models.TextField(blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    printed_name = models.CharField(
        max_length=200, blank=True, help_text="Of who signed. Empty: before decisions were signed."
    )
    meaning = models.TextField(blank=True, help_text="What the signature means.")
    confirmation = models.ForeignKey(
        AccessEvent,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="By password. Set by the database.",
    )

    class Meta:
        ordering = ["id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"{self.participant}: {'eligible' if self.eligible else 'not eligible'}"
