"""Activities of a trial that stand still."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from trialsite.accounts.models import Study, User


def halted_before() -> list[str]:
    """What every stop halted before protocols said it."""
    return ["screening", "randomisation"]


class EnrollmentPause(models.Model):
    """Activities of the protocol are halted, as a decision after a look; lifted with a reason."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="pauses")
    reason = models.TextField()
    halts = models.JSONField(
        default=halted_before, help_text="Activities that stand still, as the protocol said at the decision."
    )
    paused_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    paused_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=Q(lifted_at=None), name="pause_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.study} paused"
