"""Reads of consent texts. Fetching is authorising."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.shortcuts import get_object_or_404

from enrollment.consents.text import version_text
from enrollment.models import ConsentApproval, ConsentVersion
from trialsite.accounts.http import require_access
from trialsite.accounts.models import Site, Study, User


@dataclass(frozen=True, slots=True)
class SiteApproval:
    """A site, and the approval of a text there; None while there is none."""

    site: Site
    approval: ConsentApproval | None


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A text, and how it stands at each site."""

    version: ConsentVersion
    text: str
    sites: tuple[SiteApproval, ...]


def consent_rows(study: Study, sites: Iterable[Site]) -> list[ConsentRow]:
    """Each text of `study`, the newest first, with its approval at each of `sites`."""
    places = list(sites)
    approvals = {
        (row.consent_version_id, row.site_id): row
        for row in ConsentApproval.objects.filter(study=study, site__in=places)
    }
    versions = study.consent_versions.order_by("-dated_on", "-pk")
    return [
        ConsentRow(
            version,
            version_text(version),
            tuple(SiteApproval(site, approvals.get((version.pk, site.pk))) for site in places),
        )
        for version in versions
    ]


def consent_version_for(user: User, pk: int, action: str) -> ConsentVersion:
    version = get_object_or_404(ConsentVersion.objects.select_related("study"), pk=pk)
    require_access(user, action, version.study, None)
    return version


def approval_at(version: ConsentVersion, site: Site) -> ConsentApproval | None:
    return version.approvals.filter(site=site).first()


def versions_to_choose(study: Study) -> dict[str, ConsentVersion]:
    """By key, as a form's choice sends it; the newest first."""
    return {str(version.pk): version for version in study.consent_versions.order_by("-dated_on", "-pk")}


def lock_consent_version(consent_version: ConsentVersion) -> ConsentVersion:
    """Part of a change of the text, of its approval, or of who signed it: one after the other, so that nobody is judged by
    an approval that is being changed. Taken before a participant is locked."""
    return ConsentVersion.objects.select_for_update().get(pk=consent_version.pk)
