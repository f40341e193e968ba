"""What the page of an infusion day keeps besides the records: what it has sent, and who confirmed a dose."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from assessments.models.record import Record
from enrollment.models import Participant
from trialsite.accounts.models import User


class StepSave(models.Model):
    """One save of a step. `token`: of the entry in the browser; sent again, because its answer was lost, it is found here
    and does nothing."""

    token = models.UUIDField(unique=True)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    record = models.ForeignKey(Record, models.PROTECT, related_name="+")
    step = models.CharField(max_length=20)
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(step=""), name="step_save_has_step")]

    def __str__(self) -> str:
        return f"{self.step} of {self.participant_id}"


class DoseCheck(models.Model):
    """A second person signed in to say that weight, calculation and dose drawn up are right, as they stood then.

    kg and mg; `weighed_on`: the date of the weight."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="dose_checks")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(default=timezone.now)
    weight = models.DecimalField(max_digits=6, decimal_places=2)
    weighed_on = models.DateField()
    drawn = models.DecimalField(max_digits=8, decimal_places=3)

    class Meta:
        ordering = ["checked_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(checked_by=models.F("asked_by")), name="dose_check_by_a_second_person"
            )
        ]

    def __str__(self) -> str:
        return f"dose check {self.pk}"
