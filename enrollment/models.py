"""Participants from screening to completion: what they are due, what was decided, and when."""

from datetime import date

from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.domain import protocol, protocol_file
from trialsite.accounts.models import Site, Study, User

_parsed: dict[tuple[int, str], protocol.Protocol] = {}
_known: dict[tuple[str, int], "ProtocolVersion"] = {}


class ProtocolVersionManager(models.Manager["ProtocolVersion"]):
    def known(self, pk: int) -> "ProtocolVersion":
        """The version `pk`, read once a process: the database lets no row of this table change."""
        key = (str(connection.settings_dict["NAME"]), pk)
        if key not in _known:
            _known[key] = self.select_related("study").get(pk=pk)
        return _known[key]


class ProtocolVersion(models.Model):
    """A protocol file as it was loaded. Never changed: an amendment is a new version."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="protocols")
    version = models.CharField(max_length=20)
    document = models.JSONField()
    source = models.TextField(help_text="The file, byte for byte.")
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=timezone.now)
    loaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ProtocolVersionManager()

    class Meta:
        ordering = ["loaded_at", "id"]
        get_latest_by = "id"
        constraints = [models.UniqueConstraint(fields=["study", "version"], name="protocol_version_unique")]

    def __str__(self) -> str:
        return f"{self.study} {self.version}"

    @property
    def rules(self) -> protocol.Protocol:
        """The protocol as the pure rules read it. Parsed once a process: rows of this table never change."""
        key = (self.pk, self.sha256)
        if key not in _parsed:
            _parsed[key] = protocol_file.parse(self.document)
        return _parsed[key]


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def at(self, sites: models.QuerySet[Site]) -> "ParticipantQuerySet":
        return self.filter(site__in=sites)

    def randomised(self) -> "ParticipantQuerySet":
        return self.exclude(randomised_at=None)


class Participant(models.Model):
    """A person in a study, known by a code. No name, no birth date, and never a treatment."""

    class Status(models.TextChoices):
        SCREENING = "screening", _("In screening")
        SCREEN_FAILED = "screen_failed", _("Screen failure")
        ELIGIBLE = "eligible", _("Eligible")
        RANDOMISED = "randomised", _("Randomised")
        COMPLETED = "completed", _("Completed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

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
    age = models.PositiveSmallIntegerField(_("age in years"), null=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True)
    randomised_at = models.DateTimeField(null=True)
    unblinded_at = models.DateTimeField(null=True, help_text="Emergency unblinding. Never says to what.")
    left_reason = models.TextField(_("reason for screen failure or withdrawal"), blank=True)
    left_on = models.DateField(_("date of withdrawal"), null=True, blank=True)
    rescreen_of = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="rescreened_as",
        help_text="The screen failure of the same person, under an earlier code.",
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        indexes = [models.Index(fields=["study", "status"]), models.Index(fields=["site", "code"])]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="participant_code_unique"),
            models.CheckConstraint(
                condition=Q(age=None) | Q(age__range=(0, 120)), name="participant_age_plausible"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["screen_failed", "withdrawn"]) | ~Q(left_reason=""),
                name="participant_left_with_reason",
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


class FailedTreatment(models.Model):
    """An earlier treatment that did not help enough."""

    class Kind(models.TextChoices):
        ANTIDEPRESSANT = "antidepressant", _("Antidepressant medication")
        ECT = "ect", _("Electroconvulsive therapy")
        TMS = "tms", _("Transcranial magnetic stimulation")
        VNS = "vns", _("Vagus nerve stimulation")
        DBS = "dbs", _("Deep brain stimulation")
        OTHER = "other", _("Other somatic treatment")

    class Outcome(models.TextChoices):
        NONE = "none", _("No benefit")
        INSUFFICIENT = "insufficient", _("Insufficient benefit")
        INTOLERANT = "intolerant", _("Stopped for side effects")
        HELPED = "helped", _("Helped")

    FAILED = (Outcome.NONE, Outcome.INSUFFICIENT)

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="treatments")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    dose = models.CharField(_("dose"), max_length=60, blank=True)
    weeks = models.PositiveSmallIntegerField(_("weeks"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    removed = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            # What was written before choices were checked can be taken off the list.
            models.CheckConstraint(
                condition=Q(removed=True)
                | Q(
                    kind__in=["antidepressant", "ect", "tms", "vns", "dbs", "other"],
                    outcome__in=["none", "insufficient", "intolerant", "helped"],
                ),
                name="treatment_of_known_choices",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Fact(models.Model):
    """What eligibility is judged on: one current value per name. The audit trail keeps the earlier ones."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="facts")
    name = models.CharField(max_length=60)
    value = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, help_text="1 and 0 stand for yes and no."
    )
    source = models.CharField(
        max_length=100, help_text="Where it comes from: a form or a rating and its version."
    )
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participant", "name"], name="fact_once")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


class ScreeningDraft(models.Model):
    """What a person has typed into a screening form and not saved. Not trial data: replaced at will, deleted on save."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    fields = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "participant"], name="screening_draft_once"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class EligibilityDecision(models.Model):
    """An investigator's decision, with the criteria and the facts it judged. Never changed; the latest counts."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="decisions")
    eligible = models.BooleanField()
    criteria = models.JSONField(help_text="Verdict and reason of each criterion at that moment.")
    facts = models.JSONField(help_text="The values judged, with their sources.")
    comment = models.TextField(blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    printed_name = models.CharField(
        max_length=200, blank=True, help_text="Of who signed. Empty: before decisions were signed."
    )
    meaning = models.TextField(blank=True, help_text="What the signature means.")

    class Meta:
        ordering = ["id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"{self.participant}: {'eligible' if self.eligible else 'not eligible'}"


class Period(models.Model):
    """A treatment period of a participant: its infusion, and the kit that was dispensed for it."""

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
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["number"]
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
        """Day 0 of the period's visits: the infusion as it was, else as planned."""
        return self.dosed_on or self.planned_on


class VisitQuerySet(models.QuerySet["Visit"]):
    def at(self, sites: models.QuerySet[Site]) -> "VisitQuerySet":
        return self.filter(participant__site__in=sites)

    def open(self) -> "VisitQuerySet":
        """Still to be done, by participants who are still followed."""
        return self.filter(status=Visit.Status.PLANNED, participant__status=Participant.Status.RANDOMISED)

    def due(self, today: date) -> "VisitQuerySet":
        return self.open().filter(earliest_on__lte=today, latest_on__gte=today)

    def overdue(self, today: date) -> "VisitQuerySet":
        return self.open().filter(latest_on__lt=today)


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
        from enrollment.domain.schedule import deviation_days

        if not (self.performed_on and self.earliest_on and self.latest_on):
            return 0
        return deviation_days(self.earliest_on, self.latest_on, self.performed_on)


class EnrollmentPause(models.Model):
    """Recruitment is halted, as a decision after a look; lifted with a reason."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="pauses")
    reason = models.TextField()
    paused_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    paused_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study"], condition=Q(lifted_at=None), name="pause_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.study} paused"


class CalendarFeed(models.Model):
    """A person's secret address of the .ics feed of one study; only its hash is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="feeds")
    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "study"], condition=Q(revoked_at=None), name="feed_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"feed {self.pk}"
