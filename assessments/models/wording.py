"""The wording of one instrument as one site is licensed to show it. Audited like any other record."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.models import Site, Study, User


class Wording(models.Model):
    """`items`: code of each item → {"name": what is asked, "anchors": what each value from 0 up stands for, if given}."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    instrument = models.CharField(_("instrument"), max_length=20)
    items = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    loaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("wording of an instrument")
        constraints = [models.UniqueConstraint(fields=["site", "instrument"], name="wording_once")]

    def __str__(self) -> str:
        return f"wording of {self.instrument} at site {self.site_id}"
