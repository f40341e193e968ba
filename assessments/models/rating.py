"""What was measured: ratings by instrument, and what is not yet data: drafts, and files that wait to be imported."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Visit
from trialsite.accounts.models import Study, User


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
        indexes = [
            models.Index(fields=["participant", "instrument"]),
            models.Index(fields=["participant"], condition=Q(status="entered"), name="rating_unfinished"),
        ]
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


class RatingImport(models.Model):
    """A file of ratings that somebody uploaded: who, which (by its SHA-256), what came of it. The file lies beside it."""

    class Status(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked, not imported")
        CONFIRMED = "confirmed", _("Being imported")
        IMPORTED = "imported", _("Imported")
        REFUSED = "refused", _("Refused, nothing imported")
        CANCELLED = "cancelled", _("Cancelled, nothing imported")

    OPEN = frozenset({Status.CHECKING, Status.CHECKED, Status.CONFIRMED, Status.REFUSED})

    study = models.ForeignKey(Study, models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=200)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    enrols = models.BooleanField(default=False, help_text="Whether it enrols participants not yet known.")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CHECKING)
    counts = models.JSONField(default=dict, help_text="What the file would do, or did, in numbers.")
    basis = models.CharField(
        max_length=100, blank=True, help_text="Of the saved ratings for which the check holds."
    )
    reason = models.TextField(blank=True, help_text="Why it was confirmed.")
    confirmed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    refusal = models.TextField(blank=True, help_text="Why a confirmed import was not carried out.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "imported"])
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(reason=""),
                name="rating_import_confirmed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}: {self.file_name}"

    @property
    def is_running(self) -> bool:
        """Whether a worker has it, or will."""
        return self.status in {self.Status.CHECKING, self.Status.CONFIRMED}

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def can_be_confirmed(self) -> bool:
        """Checked, without a problem, and it would save something."""
        counts = self.counts
        return (
            self.status == self.Status.CHECKED
            and not counts["problems"]
            and counts["new"] + counts["changed"] > 0
        )


class ImportFile(models.Model):
    """The bytes of an upload, where web and worker both reach them, and what its check found. No trial data yet."""

    of = models.OneToOneField(RatingImport, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField(help_text="Empty once the import is cancelled.")
    problems = models.JSONField(default=list)
    changes = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"file of {self.of_id}"
