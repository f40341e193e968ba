"""Drafts: what was typed so far, and not saved."""

from django.utils import timezone

from assessments.models import Draft
from assessments.rating.codec import AssessmentText
from enrollment.models import Visit
from trialsite.accounts.models import User
from trialsite.accounts.policy import authorise


def keep_draft(visit: Visit, instrument_code: str, text: AssessmentText, *, by: User) -> Draft:
    """Keep what was typed so far. Not trial data: no audit, no reason, replaced by the next."""
    participant = visit.participant
    authorise(by, "assessment.enter", participant.study, participant.site)
    draft, _made = Draft.objects.update_or_create(
        user=by,
        visit=visit,
        instrument=instrument_code,
        defaults={"fields": text.by_field(), "saved_at": timezone.now()},
    )
    return draft


def discard_draft(visit: Visit, instrument_code: str, *, by: User) -> None:
    Draft.objects.filter(user=by, visit=visit, instrument=instrument_code).delete()
