"""When a site works and a participant can come: kept by coordinators, for planning. Nothing of it is trial data."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models.participant import Participant
from trialsite.accounts.models import Site, User


class SiteHours(models.Model):
    """The ordinary week of a site, its public holidays, and how many participants it can treat a day."""

    site = models.OneToOneField(Site, models.PROTECT, related_name="hours")
    weekdays = models.CharField(max_length=7, help_text="Digits of ISO weekdays in order: 1 is Monday.")
    holidays = models.CharField(
        max_length=10, blank=True, help_text="ISO 3166 code of a country or a part of it."
    )
    places = models.PositiveSmallIntegerField(help_text="Participants who can be treated a day.")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__regex=r"^1?2?3?4?5?6?7?$") & ~Q(weekdays=""),
                name="hours_weekdays_known",
            ),
            models.CheckConstraint(condition=Q(places__range=(1, 99)), name="hours_places_in_range"),
        ]

    def __str__(self) -> str:
        return f"hours of site {self.site_id}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def in_force(self) -> "AbsenceQuerySet":
        return self.filter(removed_at=None)


class Absence(models.Model):
    """Days on which a site is closed or can treat fewer (`places`), or on which a participant cannot come. Removed ones
    stay, with who removed them."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="absences")
    participant = models.ForeignKey(Participant, models.PROTECT, null=True, related_name="absences")
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"))
    places = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(_("reason"), max_length=200)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["first_on", "pk"]
        indexes = [
            models.Index(fields=["site", "last_on"], condition=Q(removed_at=None), name="absence_in_force"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="absence_in_order"),
            models.CheckConstraint(condition=~Q(reason=""), name="absence_has_reason"),
            models.CheckConstraint(
                condition=Q(participant=None) | Q(places=0), name="absence_of_participant_is_whole"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="absence_removed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"absence {self.pk}"
