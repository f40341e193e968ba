"""Records of forms: what a form file asks, at a visit or of a participant, once or as one row of several."""

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, ProtocolVersion, Visit
from trialsite.accounts.models import Study, User

# The list of treatments, and the version of it that asks what was asked before it was a form.
TREATMENTS, BEFORE_FORMS = "FAILED_TREATMENT", "0"
_named: dict[tuple[str, int], dict[str, "FormVersion"]] = {}


class FormVersionManager(models.Manager["FormVersion"]):
    def named_by(self, protocol: ProtocolVersion) -> dict[str, "FormVersion"]:
        """The forms that `protocol` names, by code, in its order; then, where it does not name it, the list of treatments
        that the study had before that was a form. Read once a process: no row of these tables changes."""
        versions = {use.code: use.version for use in protocol.definition.forms}
        wanted = {TREATMENTS: BEFORE_FORMS, **versions}
        key = (str(connection.settings_dict["NAME"]), protocol.pk)
        if key not in _named:
            rows = self.filter(study=protocol.study_id, code__in=wanted)
            by_code = {form.code: form for form in rows if wanted[form.code] == form.version}
            if not versions.keys() <= by_code.keys():
                return by_code
            _named[key] = {code: by_code[code] for code in {**versions, **by_code}}
        return _named[key]


class FormVersion(models.Model):
    """A form file as it was loaded. Never changed: a form asked otherwise is a new version."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="forms")
    code = models.CharField(max_length=20)
    version = models.CharField(max_length=20)
    source = models.TextField(help_text="The file, byte for byte.")
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=timezone.now)
    loaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = FormVersionManager()

    class Meta:
        ordering = ["code", "id"]
        constraints = [models.UniqueConstraint(fields=["study", "code", "version"], name="form_version_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class RecordQuerySet(models.QuerySet["Record"]):
    def in_force(self) -> "RecordQuerySet":
        """Without the rows that were struck out."""
        return self.exclude(status=Record.Status.STRUCK_OUT)


class Record(models.Model):
    """What was recorded on one form. `repeat_key` names one row of several (ODM ItemGroupRepeatKey) and stays with it for
    good; it is empty for a form that is filled in once.

    `items` maps item codes to values (assessments/domain/values.py has their JSON), `missing` the codes without one to a
    reason of the protocol, `comments` the soft checks that asked to why the value is kept.
    """

    class Status(models.TextChoices):
        INCOMPLETE = "incomplete", _("Entered, answers missing")
        COMPLETE = "complete", _("Complete")
        NOT_DONE = "not_done", _("Not done")
        STRUCK_OUT = "struck_out", _("Struck out")

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="records")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="records")
    definition = models.ForeignKey(FormVersion, models.PROTECT, related_name="records")
    form = models.CharField(max_length=20)
    repeat_key = models.PositiveSmallIntegerField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    items = models.JSONField(default=dict)
    missing = models.JSONField(default=dict)
    comments = models.JSONField(default=dict)
    status_reason = models.TextField(blank=True, help_text="Why it was not done, or was struck out.")
    performed_on = models.DateField(_("date"), null=True, help_text="Of a form at a visit.")
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    form_token = models.UUIDField(unique=True, help_text="Of the form that made it: a second send finds it.")
    version = models.PositiveIntegerField(default=1)

    objects = RecordQuerySet.as_manager()

    class Meta:
        ordering = ["form", "repeat_key", "id"]
        indexes = [
            models.Index(fields=["visit"], name="record_of_visit"),
            models.Index(fields=["participant"], condition=Q(status="incomplete"), name="record_unfinished"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "visit", "form", "repeat_key"],
                nulls_distinct=False,
                name="record_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["incomplete", "complete", "not_done", "struck_out"]),
                name="record_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["not_done", "struck_out"]) | ~Q(status_reason=""),
                name="record_set_aside_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="not_done") | Q(items={}, missing={}), name="record_not_done_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(repeat_key=None) | Q(repeat_key__gte=1), name="record_key_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} of {self.participant_id}"


class RecordDraft(models.Model):
    """What a person has typed into a form and not saved. Not trial data: replaced at will, deleted on save."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    visit = models.ForeignKey(Visit, models.CASCADE, null=True, related_name="+")
    form = models.CharField(max_length=20)
    repeat_key = models.PositiveSmallIntegerField(
        null=True, help_text="Empty also for a row that is not saved yet."
    )
    fields = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "participant", "visit", "form", "repeat_key"],
                nulls_distinct=False,
                name="record_draft_once",
            )
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"
