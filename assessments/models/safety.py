"""An alert is a record of its own: audited, never withdrawn by a correction, closed by an action alone."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from trialsite.accounts.models import Site, User


class SafetyAlertQuerySet(models.QuerySet["SafetyAlert"]):
    def open(self) -> "SafetyAlertQuerySet":
        """Nobody has said yet what was done."""
        return self.filter(acknowledged_at=None)


class SafetyAlert(models.Model):
    """The watched item of a rating is as high as its instrument's rule says, or rose as much; or an alert of a form's file
    holds for a record. Later corrections leave the alert as it is.

    Of a rating: `value`, `previous` as they were when the alert was raised; `previous` is the participant's rating before,
    null when there was none. Of a record: `rule` is the alert's id in the form, `values` the items that it names, and
    `text` says both in words.
    """

    class Trigger(models.TextChoices):
        LEVEL = "level", _("by its value")
        RISE = "rise", _("by its rise")
        RULE = "rule", _("by a rule of its form")

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="safety_alerts")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", help_text="The participant's.")
    rating = models.ForeignKey(
        "assessments.Assessment", models.PROTECT, null=True, related_name="safety_alerts"
    )
    record = models.ForeignKey("assessments.Record", models.PROTECT, null=True, related_name="safety_alerts")
    item = models.CharField(max_length=20, blank=True)
    value = models.PositiveSmallIntegerField(null=True)
    previous = models.PositiveSmallIntegerField(null=True)
    trigger = models.CharField(max_length=5, choices=Trigger.choices)
    rule = models.CharField(max_length=40, blank=True)
    values = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    raised_at = models.DateTimeField(default=timezone.now)
    escalated_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    action = models.TextField(_("what was done"), blank=True)

    objects = SafetyAlertQuerySet.as_manager()

    class Meta:
        ordering = ["raised_at", "id"]
        indexes = [
            models.Index(
                fields=["site", "raised_at", "id"],
                condition=Q(acknowledged_at=None),
                name="safety_alert_waiting",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["rating", "item", "value"], name="safety_alert_once"),
            models.UniqueConstraint(fields=["record", "rule", "values"], name="safety_alert_once_of_record"),
            models.CheckConstraint(
                condition=Q(rating__isnull=False, value__isnull=False, record=None, rule="", text="")
                & ~Q(item="")
                & Q(trigger__in=["level", "rise"])
                | Q(rating=None, value=None, previous=None, item="", record__isnull=False, trigger="rule")
                & ~Q(rule="")
                & ~Q(text=""),
                name="safety_alert_of_rating_or_record",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None, action="")
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(action=""),
                name="safety_alert_acknowledged_with_action",
            ),
        ]

    def __str__(self) -> str:
        return f"safety alert {self.pk}"
