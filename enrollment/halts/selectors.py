"""What a decision to stop halts, by the protocol as it was then, until the pause is lifted."""

from datetime import date

from django.db.models import QuerySet

from enrollment.models import EnrollmentPause, Participant
from enrollment.protocol.model import Activity
from trialsite.accounts.models import Study
from trialsite.lib.clock import local_date


def pauses_of(study: int | Study, activity: Activity) -> QuerySet[EnrollmentPause]:
    """Those that halt `activity`, lifted ones too."""
    return EnrollmentPause.objects.filter(study=study, halts__contains=[activity])


def halted(study: int | Study, activity: Activity) -> bool:
    return pauses_of(study, activity).filter(lifted_at=None).exists()


def dosing_halted_on(participant: Participant, day: date) -> EnrollmentPause | None:
    """The pause in which dosing stood still on `day` at the participant's site, the day of the decision included."""
    zone = participant.site.timezone
    for pause in pauses_of(participant.study_id, "dosing"):
        lifted = pause.lifted_at and local_date(pause.lifted_at, zone)
        if local_date(pause.paused_at, zone) <= day and (lifted is None or day < lifted):
            return pause
    return None
