"""Reads of deviations. Fetching is authorising."""

from django.db.models import QuerySet
from django.http import Http404

from assessments.models import Deviation
from assessments.models.deviation import DeviationQuerySet
from enrollment.models import Participant, Visit
from trialsite.accounts.http import require_access
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may, sites_where

VIEW, REVIEW, CLOSE = "deviation.view", "deviation.review", "deviation.close"


def _deviations() -> DeviationQuerySet:
    return Deviation.objects.select_related("participant__study", "participant__site", "visit__period")


def deviation_for(user: User, pk: int, action: str) -> Deviation:
    deviation = _deviations().filter(pk=pk).first()
    if deviation is None:
        raise Http404
    require_access(user, action, deviation.participant.study, deviation.participant.site)
    return deviation


def deviations_for(user: User, study: Study) -> QuerySet[Deviation]:
    """Of the sites where `user` may see them."""
    return _deviations().at_sites(sites_where(user, VIEW, study)).filter(participant__study=study)


def deviations_of(participant: Participant, visit: Visit | None = None) -> QuerySet[Deviation]:
    """Of a participant, or of one of their visits; what stands before what was corrected."""
    deviations = Deviation.objects.filter(participant=participant).select_related("visit")
    if visit is not None:
        deviations = deviations.filter(visit=visit)
    return deviations.order_by("occurred_on", "pk")


def waiting_for(user: User, study: Study) -> list[tuple[Deviation.Status, QuerySet[Deviation]]]:
    """What `user` is to review, and to close, by state."""
    return [
        (status, _deviations().at_sites(sites_where(user, action, study)).filter(status=status))
        for action, status in ((REVIEW, Deviation.Status.OPEN), (CLOSE, Deviation.Status.REVIEWED))
        if may(user, action, study)
    ]
