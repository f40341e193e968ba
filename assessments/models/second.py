"""A second rating of the same interview by another rater, blind to the first, and how the two were settled."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.rating import Assessment
from enrollment.models import Participant, Visit
from trialsite.accounts.models import User


class SecondRating(models.Model):
    """Of the visit and instrument of an `Assessment`, which stays the one that counts until `adjudicated_total` is set.

    Its columns are those of an assessment. docs/decisions/0015-two-raters.md says why they are not rows of one table.
    """

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="second_ratings")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="second_ratings")
    instrument = models.CharField(max_length=20)
    instrument_version = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Assessment.Status.choices)
    items = models.JSONField(default=dict)
    missing = models.JSONField(default=dict)
    total = models.PositiveSmallIntegerField(null=True, help_text="Null unless every item was rated.")
    not_done_reason = models.TextField(blank=True)
    rater = models.CharField(_("rater"), max_length=200, blank=True)
    performed_on = models.DateField(_("date of rating"), null=True)
    performed_time = models.TimeField(_("time of rating"), null=True, blank=True)
    lookback_days = models.PositiveSmallIntegerField(_("look-back in days"), null=True, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    form_token = models.UUIDField(unique=True, help_text="Of the form that made it: a second send finds it.")
    version = models.PositiveIntegerField(default=1)
    adjudicated_total = models.PositiveSmallIntegerField(_("adjudicated total"), null=True)
    adjudication_reason = models.TextField(blank=True)
    adjudicated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    adjudicated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["visit_id", "instrument"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "instrument"], name="second_rating_once"),
            models.CheckConstraint(
                condition=Q(status="complete", total__isnull=False) | ~Q(status="complete") & Q(total=None),
                name="second_rating_total_when_complete",
            ),
            models.CheckConstraint(
                condition=~Q(status="not_done") | ~Q(not_done_reason=""),
                name="second_rating_not_done_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    adjudicated_total=None, adjudicated_by=None, adjudicated_at=None, adjudication_reason=""
                )
                | Q(
                    adjudicated_total__isnull=False,
                    adjudicated_by__isnull=False,
                    adjudicated_at__isnull=False,
                    status="complete",
                )
                & ~Q(adjudication_reason=""),
                name="second_rating_adjudicated_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"second {self.instrument} at visit {self.visit_id}"
