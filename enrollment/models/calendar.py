"""Who may read a trial's dates in a calendar of their own."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from trialsite.accounts.models import Study, User


class CalendarFeed(models.Model):
    """A user's secret address of the .ics feed of one study; only its hash is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="feeds")
    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "study"], condition=Q(revoked_at=None), name="feed_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"feed {self.pk}"
