"""Drafts of the screening form: what was typed and not saved. No trial data: no audit, no reason."""

from collections.abc import Mapping

from django.utils import timezone

from enrollment.models import Participant, ScreeningDraft
from trialsite.accounts.models import User
from trialsite.accounts.policy import authorise


def keep_screening_draft(participant: Participant, fields: Mapping[str, str], *, by: User) -> ScreeningDraft:
    """Keep what `by` typed so far, in place of what they typed before."""
    authorise(by, "participant.screen", participant.study, participant.site)
    draft, _created = ScreeningDraft.objects.update_or_create(
        user=by, participant=participant, defaults={"fields": dict(fields), "saved_at": timezone.now()}
    )
    return draft


def discard_screening_draft(participant: Participant, *, by: User) -> None:
    ScreeningDraft.objects.filter(user=by, participant=participant).delete()
