"""What people do about the trail: review it, take it away. Nobody writes it."""

from datetime import datetime

from trialsite.accounts.access import Kind, record
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Study, User
from trialsite.audit.models import AuditReview


def record_review(
    study: Study, *, by: User, filters: str, entries: int, until: datetime | None, finding: str
) -> AuditReview:
    """`by` has read the `entries` that `filters` (as in the address) give, the latest written at `until`."""
    with authorised_change(by, "audit.review", study, reason="trail reviewed"):
        return AuditReview.objects.create(
            study=study,
            reviewed_by=by,
            filters=filters,
            entries=entries,
            until=until,
            finding=finding.strip(),
        )


def record_taking(study: Study, *, by: User, kind: str, filters: str) -> None:
    """Before a byte leaves: who took which entries away, in which form."""
    with authorised_change(by, "audit.view", study, reason="trail taken"):
        record(Kind.TRAIL, by, about=f"{study.code} {kind} {filters}".strip())
