"""Reads of safety alerts. Fetching is authorising."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import Http404

from assessments.models.safety import SafetyAlert
from enrollment.models import Participant, ProtocolVersion
from trialsite.accounts.http import require_access
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may, sites_where

ACKNOWLEDGE = "safety.acknowledge"


def _alerts() -> QuerySet[SafetyAlert]:
    return SafetyAlert.objects.select_related(
        "participant__study",
        "participant__site",
        "rating__visit__period",
        "record__visit__period",
        "acknowledged_by",
    )


def alert_for(user: User, pk: int, action: str) -> SafetyAlert:
    alert = _alerts().filter(pk=pk).first()
    if alert is None:
        raise Http404
    require_access(user, action, alert.participant.study, alert.participant.site)
    return alert


def alerts_waiting_for(user: User, study: Study) -> QuerySet[SafetyAlert]:
    """Open alerts that `user` is there to act upon, oldest first; none for the roles that are not."""
    if not may(user, ACKNOWLEDGE, study):
        return SafetyAlert.objects.none()
    return _alerts().filter(acknowledged_at=None, site__in=list(sites_where(user, ACKNOWLEDGE, study)))


def alerts_of(participant: Participant) -> QuerySet[SafetyAlert]:
    return _alerts().filter(participant=participant)


def alerts_to_tell(alerts: Sequence[int]) -> QuerySet[SafetyAlert]:
    """Of `alerts` those that are still open, each kept from being acknowledged until it is told."""
    return _alerts().filter(pk__in=alerts, acknowledged_at=None).select_for_update(of=("self",))


def due_at(alert: SafetyAlert) -> datetime:
    """Until when its protocol lets it wait."""
    protocol = ProtocolVersion.objects.cached(alert.participant.protocol_id).definition
    return alert.raised_at + timedelta(minutes=protocol.alert_escalation_minutes)
