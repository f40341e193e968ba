"""Who takes part."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models.consent import ConsentVersion
from enrollment.models.protocol import ProtocolVersion
from trialsite.accounts.models import Site, Study


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def at_sites(self, sites: models.QuerySet[Site]) -> "ParticipantQuerySet":
        return self.filter(site__in=list(sites))

    def randomised(self) -> "ParticipantQuerySet":
        return self.exclude(randomised_at=None)


class Participant(models.Model):
    """Who takes part in a study, known by a code. No name, no birth date, and never a treatment."""

    class Status(models.TextChoices):
        SCREENING = "screening", _("In screening")
        SCREEN_FAILED = "screen_failed", _("Screen failure")
        ELIGIBLE = "eligible", _("Eligible")
        RANDOMISED = "randomised", _("Randomised")
        COMPLETED = "completed", _("Completed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    FOLLOWED = (Status.RANDOMISED, Status.COMPLETED)

    class Sex(models.TextChoices):
        FEMALE = "F", _("Female")
        MALE = "M", _("Male")
        UNDIFFERENTIATED = "U", _("Undifferentiated")

    study = models.ForeignKey(Study, models.PROTECT, related_name="participants")
    site = models.ForeignKey(Site, models.PROTECT, related_name="participants")
    protocol = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+")
    code = models.CharField(_("participant"), max_length=20)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.SCREENING)
    consented_on = models.DateField(_("consent date"), null=True)
    consent_version = models.ForeignKey(
        ConsentVersion,
        models.PROTECT,
        verbose_name=_("consent version"),
        null=True,
        blank=True,
        related_name="participants",
        help_text="The text that was signed. None: not recorded, as for all who consented before texts were kept.",
    )
    age = models.PositiveSmallIntegerField(_("age in years"), null=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True)
    randomised_at = models.DateTimeField(null=True)
    unblinded_at = models.DateTimeField(null=True, help_text="Emergency unblinding. Never says to what.")
    left_reason = models.TextField(_("reason for screen failure or withdrawal"), blank=True)
    left_on = models.DateField(_("date of withdrawal"), null=True, blank=True)
    left_on_derived = models.BooleanField(
        default=False,
        help_text="The day on which the withdrawal was recorded: before withdrawals had a date of their own.",
    )
    rescreen_of = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rescreened_as",
        help_text="The screen failure of the same person, under an earlier code.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        indexes = [
            models.Index(fields=["study", "status"]),
            models.Index(fields=["site", "code"]),
            models.Index(
                fields=["study", "randomised_at", "id"],
                condition=Q(randomised_at__isnull=False),
                name="participant_randomised",
            ),
            # What the work list asks for: few at any time, of however many.
            models.Index(
                fields=["site", "status", "consented_on", "id"],
                condition=Q(status__in=["screening", "eligible"]),
                name="participant_on_the_way_in",
            ),
            models.Index(
                fields=["site", "unblinded_at"],
                condition=Q(unblinded_at__isnull=False),
                name="participant_unblinded",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="participant_code_unique"),
            models.CheckConstraint(
                condition=Q(age=None) | Q(age__range=(0, 120)), name="participant_age_plausible"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["screen_failed", "withdrawn"]) | ~Q(left_reason=""),
                name="participant_left_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", left_on__isnull=False)
                | (~Q(status="withdrawn") & Q(left_on=None, left_on_derived=False)),
                name="participant_withdrawn_on_a_day",
            ),
            models.CheckConstraint(condition=~Q(rescreen_of=F("id")), name="participant_rescreens_another"),
            models.CheckConstraint(condition=Q(sex__in=["", "F", "M", "U"]), name="participant_sex_known"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "screening",
                        "screen_failed",
                        "eligible",
                        "randomised",
                        "completed",
                        "withdrawn",
                    ]
                ),
                name="participant_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["randomised", "completed"]) | Q(randomised_at__isnull=False),
                name="participant_randomised_at_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code
