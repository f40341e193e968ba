"""Reads of safety alerts. Fetching is authorising."""

from django.db.models import QuerySet
from django.http import Http404

from assessments.safety.models import SafetyAlert
from enrollment.models import Participant
from trialsite.accounts.http import admit
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may, sites_where

ACKNOWLEDGE = "safety.acknowledge"


def _alerts() -> QuerySet[SafetyAlert]:
    return SafetyAlert.objects.select_related(
        "participant__study", "participant__site", "rating__visit__period", "acknowledged_by"
    )


def alert_for(user: User, pk: int, action: str) -> SafetyAlert:
    alert = _alerts().filter(pk=pk).first()
    if alert is None:
        raise Http404
    admit(user, action, alert.participant.study, alert.participant.site)
    return alert


def alerts_waiting_for(user: User, study: Study) -> QuerySet[SafetyAlert]:
    """Open alerts that `user` is there to act upon, oldest first; none for the roles that are not."""
    if not may(user, ACKNOWLEDGE, study):
        return SafetyAlert.objects.none()
    return _alerts().filter(acknowledged_at=None, site__in=sites_where(user, ACKNOWLEDGE, study))


def alerts_of(participant: Participant) -> QuerySet[SafetyAlert]:
    return _alerts().filter(participant=participant)
