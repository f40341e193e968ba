"""What it means: derived values, which can all be computed again and are not audited; and decisions on them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, ProtocolVersion
from trialsite.accounts.models import Study, User


class Outcome(models.Model):
    """A participant's outcome in one period, by the protocol's rules. Says nothing of treatment."""

    # No index of their own: rows are written by the thousand, and those of Meta begin with the same columns.
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="outcomes", db_index=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="+", db_index=False)
    period = models.PositiveSmallIntegerField()
    protocol = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+", db_index=False)
    baseline = models.PositiveSmallIntegerField(null=True)
    change = models.SmallIntegerField(
        null=True, help_text="Primary visit minus baseline; negative is better."
    )
    response = models.BooleanField(null=True)
    remission = models.BooleanField(null=True)
    evaluable = models.BooleanField(
        default=False, help_text="Has a baseline and the primary visit in this period."
    )
    sustained = models.BooleanField(
        null=True, help_text="Response at the primary visit and at every later one."
    )
    relapse = models.BooleanField(
        null=True, help_text="Of responders: a later visit is no response any more."
    )
    relapse_visit = models.CharField(max_length=20, blank=True)
    visits = models.JSONField(
        default=dict, help_text="Visit code: total, change, percent change, response, remission."
    )
    subscales = models.JSONField(
        default=dict, help_text="Subscale: baseline, change at the primary visit, sum by visit code."
    )
    not_counted = models.JSONField(
        default=dict, help_text="Visit code: why its rating does not count, before_dose or after_dose."
    )
    inputs = models.JSONField(
        default=dict, help_text="Visit code: [assessment id, version] it was derived from."
    )
    rule_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=timezone.now)
    task_id = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["participant_id", "period"]
        constraints = [models.UniqueConstraint(fields=["participant", "period"], name="outcome_once")]
        indexes = [models.Index(fields=["study", "period"])]

    def __str__(self) -> str:
        return f"{self.participant_id} period {self.period}"


class ParticipantOutcome(models.Model):
    """What the periods of a randomised participant give together. Says nothing of treatment."""

    class Shortfall(models.TextChoices):
        NOT_RANDOMISED = "not_randomised", _("not randomised")
        NOT_DOSED = "not_dosed", _("treatment not given")
        NO_BASELINE = "no_baseline", _("no baseline total above 0")
        NO_PRIMARY = "no_primary", _("no total at the primary visit")

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="overall")
    study = models.ForeignKey(Study, models.PROTECT, related_name="+", db_index=False)
    protocol = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+", db_index=False)
    pattern = models.CharField(
        max_length=300,
        blank=True,
        help_text="Periods with a response, or none; empty unless all are evaluable.",
    )
    completer = models.BooleanField(default=False, help_text="Evaluable in every period of the protocol.")
    shortfall = models.CharField(max_length=20, blank=True, choices=Shortfall.choices)
    shortfall_period = models.PositiveSmallIntegerField(null=True)
    inputs = models.JSONField(
        default=dict, help_text="Period number: [period id, version] it was derived from."
    )
    rule_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=timezone.now)
    task_id = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["participant_id"]
        indexes = [models.Index(fields=["study", "completer"])]

    def __str__(self) -> str:
        return f"{self.participant_id}: {self.pattern or self.shortfall}"


class RuleAdoption(models.Model):
    """The outcome rules of a protocol version hold from here on. Written once; the latest of a study counts."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="adoptions")
    protocol = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+")
    rule_version = models.CharField(max_length=20)
    replaced = models.CharField(max_length=20, help_text="Rule version that held before.")
    difference = models.JSONField(help_text="What was shown before it was adopted: counts, and each change.")
    reason = models.TextField()
    adopted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    adopted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="rule_adoption_has_reason")
        ]

    def __str__(self) -> str:
        return f"{self.study}: rules {self.rule_version}"


class StudySummary(models.Model):
    """A study's blinded figures as the dashboard shows them, computed by a worker after each change."""

    study = models.OneToOneField(Study, models.PROTECT, related_name="summary")
    figures = models.JSONField()
    shape = models.CharField(max_length=16, blank=True, help_text="Name of the shape of the figures.")
    serial = models.PositiveBigIntegerField(default=1, help_text="Grows with every computation.")
    computed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.study} at {self.computed_at:%Y-%m-%d %H:%M}"


class Export(models.Model):
    """Who took which data, when. The files themselves are not kept."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="exports")
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(default=timezone.now)
    unblinded = models.BooleanField(default=False)
    via = models.CharField(max_length=20, choices=[("browser", "browser"), ("command", "command")])
    reason = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the manifest.")

    class Meta:
        ordering = ["-taken_at"]

    def __str__(self) -> str:
        return f"{self.study} {self.taken_at:%Y-%m-%d}"


class Look(models.Model):
    """A planned look of the monitoring board, as everybody may know it: taken or not, continue or stop.

    What it saw, and why the board decided so, lies in the closed schema. The hash is of a cut with a secret
    salt in it, so that nobody can find the allocation by trying.
    """

    class Decision(models.TextChoices):
        NONE = "", "not decided"
        CONTINUE = "continue", "continue"
        STOP = "stop", "stop"

    study = models.ForeignKey(Study, models.PROTECT, related_name="looks")
    number = models.PositiveSmallIntegerField()
    completers = models.PositiveIntegerField(help_text="Completers at which the protocol plans it.")
    protocol = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True)
    cut_sha256 = models.CharField(max_length=64, blank=True)
    decision = models.CharField(max_length=10, blank=True, choices=Decision.choices)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="look_once"),
            models.CheckConstraint(
                condition=models.Q(decision="")
                | models.Q(taken_at__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="look_decided_after_taken",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} look {self.number}"
