"""The outbox, which is no trial data; the trail as it can be read; and who reviewed it."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from trialsite.accounts.models import Study, User


class Outbox(models.Model):
    """One pending entry. Rows are written by triggers in the transaction of the change, and deleted by the
    worker in the transaction of its effect: the effect happens once, whatever is killed in between."""

    class Kind(models.TextChoices):
        RECOMPUTE = "recompute"  # subject: participant
        SUMMARY = "summary"  # subject: study
        REPORT = "report"  # subject: study; the unblinded worker's
        ALLOCATION = "allocation"  # subject: site; the unblinded worker's
        SUPPLY = "supply"  # subject: site; the unblinded worker's
        IMPORT = "import"  # subject: rating import
        ALERT = "alert"  # subject: safety alert, of which those who act get a mail
        ESCALATION = "escalation"  # subject: safety alert that nobody has acknowledged in time

    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.TextField(blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["kind", "id"], name="outbox_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Event(models.Model):
    """One audited change, as `audit.event` holds it. Read only: only triggers write."""

    pk = models.CompositePrimaryKey("chain", "n")
    chain = models.TextField()
    n = models.BigIntegerField()
    at = models.DateTimeField()
    txid = models.TextField()
    table_name = models.TextField()
    row_pk = models.TextField()
    op = models.CharField(max_length=1)
    actor = models.BigIntegerField()
    actor_name = models.TextField()
    actor_role = models.TextField(null=True)  # noqa: DJ001 - NULL is what the trigger writes
    reason = models.TextField(null=True)  # noqa: DJ001
    request_id = models.UUIDField(null=True)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    study = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = 'audit"."event'
        ordering = ["chain", "n"]

    def __str__(self) -> str:
        return f"{self.chain} #{self.n}"


class AuditReview(models.Model):
    """Somebody looked through a part of the trail. Written once, and audited itself."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="audit_reviews")
    reviewed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(default=timezone.now)
    filters = models.TextField(blank=True, help_text="As in the address of the page.")
    entries = models.PositiveIntegerField(help_text="How many entries matched.")
    until = models.DateTimeField(null=True, help_text="When the latest of them was written.")
    finding = models.TextField(blank=True, help_text="Empty: nothing to follow up.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.study}: {self.entries} entries"
