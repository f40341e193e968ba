"""What people say about a record: queries, source verification, signatures and locks.

A place in the record is (participant, visit, form, repeat key, field): `form` is the code of an instrument or a form, or
"visit"; the repeat key names one row of a form that has several; `field` is an item's code or a column. Empty means the
whole. sql/functions holds what the database itself enforces.
"""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.models import AccessEvent, Study, User

# Keys into the rooms above are strings: the database has to know what they refer to, the code of this room does not.
VISIT_FORM = "visit"


class QueryQuerySet(models.QuerySet["Query"]):
    def open(self) -> "QueryQuerySet":
        return self.exclude(status=Query.Status.CLOSED)

    def blocking(self) -> "QueryQuerySet":
        return self.open().filter(blocks_signature=True)


class Query(models.Model):
    """A question about a value, from a person or from an edit check (`check_id`)."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Closed")

    participant = models.ForeignKey("enrollment.Participant", models.PROTECT, related_name="queries")
    visit = models.ForeignKey("enrollment.Visit", models.PROTECT, null=True, related_name="queries")
    form = models.CharField(max_length=20, blank=True)
    repeat_key = models.PositiveSmallIntegerField(null=True)
    field = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    blocks_signature = models.BooleanField(_("must be closed before signing"), default=False)
    check_id = models.CharField(max_length=40, blank=True, help_text="Edit check that asks; empty: a person.")
    check_version = models.CharField(max_length=10, blank=True)
    raised_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    raised_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = QueryQuerySet.as_manager()

    class Meta:
        ordering = ["raised_at", "id"]
        indexes = [
            models.Index(fields=["participant", "status"]),
            models.Index(fields=["visit"], condition=~Q(status="closed"), name="query_open_of_visit"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "visit", "form", "repeat_key", "field", "check_id"],
                condition=~Q(check_id="") & ~Q(status="closed"),
                nulls_distinct=False,
                name="query_check_asks_once",
            ),
            models.CheckConstraint(
                condition=Q(raised_by__isnull=False) | ~Q(check_id=""), name="query_asked_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"query {self.pk}"


class QueryMessage(models.Model):
    """One turn of the conversation. Written once."""

    class Kind(models.TextChoices):
        RAISED = "raised", _("asked")
        ANSWERED = "answered", _("answered")
        REQUERIED = "requeried", _("asked again")
        CLOSED = "closed", _("closed")

    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    participant = models.ForeignKey("enrollment.Participant", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField()
    written_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="query_message_has_text")]

    def __str__(self) -> str:
        return f"{self.kind} {self.query_id}"


class Verification(models.Model):
    """A monitor compared a field (or, field empty, a whole form) with its source. A later change voids it.

    `visit` empty: a form of the casebook outside its visits, enrollment/casebook/fields.py.
    """

    participant = models.ForeignKey("enrollment.Participant", models.PROTECT, related_name="verifications")
    visit = models.ForeignKey("enrollment.Visit", models.PROTECT, null=True, related_name="verifications")
    form = models.CharField(max_length=20)
    repeat_key = models.PositiveSmallIntegerField(null=True)
    field = models.CharField(max_length=60, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(default=timezone.now)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["participant"])]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "visit", "form", "repeat_key", "field"],
                condition=Q(voided_at=None),
                nulls_distinct=False,
                name="verified_once",
            )
        ]

    def __str__(self) -> str:
        return f"verification {self.pk}"


class Signature(models.Model):
    """An electronic signature under a visit, or (visit empty) under the participant's casebook.

    Who, when, the confirmation by password it rests on and the two hashes are set by the database: `content_sha256`
    of what was signed with its record versions, `sha256` of that with signer, name, meaning, time and place.
    """

    participant = models.ForeignKey("enrollment.Participant", models.PROTECT, related_name="signatures")
    visit = models.ForeignKey("enrollment.Visit", models.PROTECT, null=True, related_name="signatures")
    meaning = models.TextField()
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    printed_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField()
    content_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    # Empty: signed before confirmations were kept.
    confirmation = models.ForeignKey(AccessEvent, models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["participant"]),
            models.Index(
                fields=["participant"], condition=Q(voided_at__isnull=False), name="signature_voided"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "visit", "signed_by"],
                condition=Q(voided_at=None),
                nulls_distinct=False,
                name="signed_once",
            ),
            models.CheckConstraint(condition=~Q(meaning=""), name="signature_has_meaning"),
        ]

    def __str__(self) -> str:
        return f"signature {self.pk}"


class Lock(models.Model):
    """No change any more: to a visit, to a participant (visit empty), or to the study (both empty)."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="locks")
    participant = models.ForeignKey("enrollment.Participant", models.PROTECT, null=True, related_name="locks")
    visit = models.ForeignKey("enrollment.Visit", models.PROTECT, null=True, related_name="locks")
    reason = models.TextField()
    locked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    locked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "participant", "visit"], nulls_distinct=False, name="locked_once"
            ),
            models.CheckConstraint(
                condition=Q(visit=None) | Q(participant__isnull=False), name="lock_of_visit_has_participant"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="lock_has_reason"),
        ]

    def __str__(self) -> str:
        return f"lock {self.pk}"


class UnlockRequestQuerySet(models.QuerySet["UnlockRequest"]):
    def waiting(self) -> "UnlockRequestQuerySet":
        return self.filter(approved=None)

    def in_force(self) -> "UnlockRequestQuerySet":
        return self.filter(approved=True, ended_at=None, in_force_until__gt=timezone.now())


class UnlockRequest(models.Model):
    """One person asks to open a lock, another decides. An approval opens it for 24 hours at most."""

    lock = models.ForeignKey(Lock, models.PROTECT, related_name="requests")
    reason = models.TextField()
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    approved = models.BooleanField(null=True)
    decision_reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    in_force_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = UnlockRequestQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["lock"], condition=Q(approved=None), name="unlock_asked_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="unlock_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="unlock_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(approved=None) | Q(decided_by__isnull=False), name="unlock_decided_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"unlock request {self.pk}"

    @property
    def open_until(self) -> datetime | None:
        """Until when the record can be changed; None when it cannot."""
        if (
            self.approved
            and not self.ended_at
            and self.in_force_until
            and self.in_force_until > timezone.now()
        ):
            return self.in_force_until
        return None
