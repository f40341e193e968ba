"""The texts that participants sign, and since when each may be used at a site."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.models import Site, Study


class ConsentVersion(models.Model):
    """A consent text of a study in one language. What people signed is kept on paper at the site; this names it."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="consent_versions")
    label = models.CharField(_("consent version"), max_length=40)
    language = models.CharField(_("language"), max_length=10, help_text="Code of a language: en, de.")
    dated_on = models.DateField(_("date of the text"))
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["dated_on", "label", "language", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "label", "language"], name="consent_version_once"),
            models.CheckConstraint(condition=~Q(label="") & ~Q(language=""), name="consent_version_named"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.language})"


class ConsentApproval(models.Model):
    """Since when a consent text may be used at a site."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    consent_version = models.ForeignKey(ConsentVersion, models.PROTECT, related_name="approvals")
    site = models.ForeignKey(Site, models.PROTECT, related_name="consent_approvals")
    approved_on = models.DateField(_("approval date"))
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["site__code"]
        constraints = [
            models.UniqueConstraint(fields=["consent_version", "site"], name="consent_approval_once"),
        ]

    def __str__(self) -> str:
        return f"{self.consent_version} at {self.site}"
