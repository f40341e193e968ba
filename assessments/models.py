"""What was measured: ratings by instrument, and the drafts that are not yet data."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Visit
from trialsite.accounts.models import User


class Assessment(models.Model):
    """One rating of one instrument at one visit.

    `items` maps item codes to whole numbers; `missing` maps the codes not rated to a reason. Migration 0002
    adds checks that both are of this shape and that an item is in one of them only.
    """

    class Status(models.TextChoices):
        ENTERED = "entered", _("Entered, items missing")
        COMPLETE = "complete", _("Complete")
        NOT_DONE = "not_done", _("Not done")

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="assessments")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="assessments")
    instrument = models.CharField(max_length=20)
    instrument_version = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status.choices)
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

    class Meta:
        ordering = ["visit_id", "instrument"]
        indexes = [models.Index(fields=["participant", "instrument"])]
        constraints = [
            models.UniqueConstraint(fields=["visit", "instrument"], name="assessment_once"),
            models.CheckConstraint(
                condition=~Q(status="complete") | Q(total__isnull=False), name="assessment_complete_has_total"
            ),
            models.CheckConstraint(
                condition=~Q(status="not_done") | ~Q(not_done_reason=""),
                name="assessment_not_done_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="complete") | Q(total=None), name="assessment_total_only_when_complete"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} at visit {self.visit_id}"


class Draft(models.Model):
    """What a person has typed and not saved. Not trial data: replaced at will, deleted on save."""

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    visit = models.ForeignKey(Visit, models.CASCADE, related_name="drafts")
    instrument = models.CharField(max_length=20)
    fields = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "visit", "instrument"], name="draft_once")]

    def __str__(self) -> str:
        return f"draft {self.pk}"


from assessments.safety.models import SafetyAlert  # noqa: E402, F401 - Django finds models here
