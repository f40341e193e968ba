"""What a participant is due, and when: periods of treatment and their visits."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from enrollment.domain.schedule import deviation_days
from enrollment.models.participant import Participant
from trialsite.accounts.models import Site, User


class Period(models.Model):
    """A treatment period of a participant: its dosing, and the kit that was dispensed for it."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="periods")
    number = models.PositiveSmallIntegerField()
    kit_number = models.CharField(max_length=20, blank=True)
    planned_on = models.DateField(null=True)
    dosed_on = models.DateField(null=True)
    override_reason = models.TextField(blank=True, help_text="Why the washout rule was not kept.")
    override_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    override_days = models.SmallIntegerField(
        null=True, help_text="How far outside the reason was given for: days early below 0, days late above."
    )
    given_despite = models.TextField(
        blank=True,
        help_text="Why it was given after the participant had withdrawn, or while dosing was halted.",
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["number"]
        indexes = [
            models.Index(
                fields=["participant", "number"], condition=Q(dosed_on=None), name="period_not_dosed"
            ),
            # What a calendar goes by.
            models.Index(Coalesce("dosed_on", "planned_on"), name="period_of_day"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["participant", "number"], name="period_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="period_number_positive"),
            models.CheckConstraint(
                condition=Q(override_by=None) | ~Q(override_reason=""), name="period_override_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant_id} period {self.number}"

    @property
    def day0(self) -> date | None:
        """Day 0 of the period's visits: the dosing as it was, else as planned."""
        return self.dosed_on or self.planned_on


class VisitQuerySet(models.QuerySet["Visit"]):
    def at_sites(self, sites: models.QuerySet[Site]) -> "VisitQuerySet":
        return self.filter(participant__site__in=list(sites))

    def still_due(self) -> "VisitQuerySet":
        """Still to be done, by participants who are still followed."""
        return self.filter(status=Visit.Status.PLANNED, participant__status=Participant.Status.RANDOMISED)

    def due(self, today: date) -> "VisitQuerySet":
        return self.still_due().filter(earliest_on__lte=today, latest_on__gte=today)

    def overdue(self, today: date) -> "VisitQuerySet":
        """Fell due while the participant was in the study, who may have left later, and nothing is known of it."""
        left = Q(participant__status=Participant.Status.WITHDRAWN, latest_on__lt=F("participant__left_on"))
        followed = Q(participant__status__in=Participant.FOLLOWED)
        return self.filter(followed | left, status=Visit.Status.PLANNED, latest_on__lt=today)


class Visit(models.Model):
    """A visit of the schedule. Screening has no period; the others hang on their period's day 0."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        MISSED = "missed", _("Missed")

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="visits")
    period = models.ForeignKey(Period, models.PROTECT, null=True, related_name="visits")
    code = models.CharField(max_length=20)
    label = models.CharField(max_length=60)
    day = models.SmallIntegerField(null=True)
    planned_on = models.DateField(null=True)
    earliest_on = models.DateField(null=True)
    latest_on = models.DateField(null=True)
    performed_on = models.DateField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    missed_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["period__number", "day", "id"]
        indexes = [
            models.Index(fields=["status", "latest_on"]),
            models.Index(fields=["participant", "period"]),
            models.Index(
                Coalesce("performed_on", "planned_on"), condition=Q(period__isnull=False), name="visit_of_day"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "period", "code"], nulls_distinct=False, name="visit_once"
            ),
            models.CheckConstraint(
                condition=Q(earliest_on=None)
                | Q(earliest_on__lte=F("planned_on"), planned_on__lte=F("latest_on")),
                name="visit_window_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(performed_on__isnull=False) | Q(planned_on__isnull=True),
                name="visit_done_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="missed") | ~Q(missed_reason=""), name="visit_missed_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "done", "missed"]), name="visit_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def deviation(self) -> int:
        """Days outside the window: negative early, positive late, 0 inside or not known."""
        if not (self.performed_on and self.earliest_on and self.latest_on):
            return 0
        return deviation_days(self.earliest_on, self.latest_on, self.performed_on)
