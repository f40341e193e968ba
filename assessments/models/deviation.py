"""Deviations that file themselves, and what people say of them until they are closed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Visit
from trialsite.accounts.models import Site, User


class DeviationQuerySet(models.QuerySet["Deviation"]):
    def at_sites(self, sites: models.QuerySet[Site]) -> "DeviationQuerySet":
        return self.filter(participant__site__in=list(sites))

    def standing(self) -> "DeviationQuerySet":
        """Without those whose cause was corrected."""
        return self.exclude(status=Deviation.Status.CORRECTED)


class Deviation(models.Model):
    """A rule of the protocol that a participant's course breaks (enrollment/domain/deviations.py). One row for good for a
    rule, a participant, and the period or visit: corrected and broken again, it is the same one.

    `subject`: which tolerance, of the rule of that name. `classification`: by the participant's protocol. `days`: by how
    many, negative for too early; `recorded` and `expected`: what stands against what.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("To review")
        REVIEWED = "reviewed", _("Reviewed")
        CLOSED = "closed", _("Closed")
        CORRECTED = "corrected", _("Cause corrected")

    class Classification(models.TextChoices):
        IMPORTANT = "important", _("Important")
        MINOR = "minor", _("Minor")

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="deviations")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="deviations")
    period = models.PositiveSmallIntegerField(null=True)
    rule = models.CharField(max_length=30)
    subject = models.CharField(max_length=20, blank=True)
    classification = models.CharField(_("class"), max_length=10, choices=Classification.choices)
    occurred_on = models.DateField(_("date"), null=True)
    days = models.SmallIntegerField(null=True)
    recorded = models.CharField(max_length=80, blank=True)
    expected = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    filed_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = DeviationQuerySet.as_manager()

    class Meta:
        ordering = ["filed_at", "id"]
        indexes = [
            models.Index(fields=["participant", "status"], name="deviation_of_participant"),
            models.Index(
                fields=["status", "filed_at", "id"],
                condition=Q(status__in=["open", "reviewed"]),
                name="deviation_waiting",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "rule", "subject", "period", "visit"],
                nulls_distinct=False,
                name="deviation_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "reviewed", "closed", "corrected"]),
                name="deviation_status_known",
            ),
            models.CheckConstraint(
                condition=Q(classification__in=["important", "minor"]), name="deviation_class_known"
            ),
            models.CheckConstraint(condition=~Q(rule=""), name="deviation_has_rule"),
        ]

    def __str__(self) -> str:
        return f"deviation {self.pk}"

    @property
    def identity(self) -> tuple[str, str, int | None, int | None]:
        return self.rule, self.subject, self.period, self.visit_id


class DeviationTurn(models.Model):
    """What became of a deviation, by a person or (`written_by` empty) by a change of what it rests on. Written once."""

    class Kind(models.TextChoices):
        REVIEWED = "reviewed", _("reviewed")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("reopened")
        CORRECTED = "corrected", _("cause corrected")
        RETURNED = "returned", _("cause present again")
        CHANGED = "changed", _("figures changed")

    PEOPLE = (Kind.REVIEWED, Kind.CLOSED, Kind.REOPENED)

    deviation = models.ForeignKey(Deviation, models.PROTECT, related_name="turns")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(_("comment"), blank=True)
    action = models.TextField(_("corrective action"), blank=True)
    written_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["reviewed", "closed", "reopened"], written_by__isnull=False)
                & ~Q(text="")
                | Q(kind__in=["corrected", "returned", "changed"], written_by=None, text="", action=""),
                name="deviation_turn_of_somebody_has_words",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.deviation_id}"
