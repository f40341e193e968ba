"""Exports are recorded before a byte leaves: who took what, and what for."""

from analysis.models import Export
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Study, User


def record_export(study: Study, *, by: User, via: str, reason: str, unblinded: bool = False) -> Export:
    """Raises PermissionDenied when `by` may not take this export."""
    with authorised_change(by, "export.unblinded" if unblinded else "export.blinded", study, reason=reason):
        return Export.objects.create(study=study, taken_by=by, via=via, reason=reason, unblinded=unblinded)
