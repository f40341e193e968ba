"""Protocol files as they were loaded."""

from django.db import connection, models
from django.utils import timezone

from enrollment.protocol.file import parse
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study, User

_parsed: dict[tuple[int, str], Protocol] = {}
_cached: dict[tuple[str, int], "ProtocolVersion"] = {}


class ProtocolVersionManager(models.Manager["ProtocolVersion"]):
    def cached(self, pk: int) -> "ProtocolVersion":
        """The version `pk`, read once a process: the database lets no row of this table change."""
        key = (str(connection.settings_dict["NAME"]), pk)
        if key not in _cached:
            _cached[key] = self.select_related("study").get(pk=pk)
        return _cached[key]


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
    def definition(self) -> Protocol:
        """The protocol as the pure rules read it. Parsed once a process: rows of this table never change."""
        key = (self.pk, self.sha256)
        if key not in _parsed:
            _parsed[key] = parse(self.document)
        return _parsed[key]
