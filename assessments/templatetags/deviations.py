"""Deviations on the pages of their participant and their visit."""

from typing import Any

from django import template

from assessments.deviations.presenters import page_rows
from assessments.deviations.selectors import VIEW, deviations_of
from assessments.models import Deviation
from enrollment.models import Participant, Visit
from trialsite.accounts.policy import may

register = template.Library()


@register.inclusion_tag("assessments/deviations/_of.html", takes_context=True)
def deviations_of_participant(context: template.Context, participant: Participant) -> dict[str, Any]:
    return _listed(context, participant, None)


@register.inclusion_tag("assessments/deviations/_of.html", takes_context=True)
def deviations_of_visit(context: template.Context, visit: Visit) -> dict[str, Any]:
    return _listed(context, visit.participant, visit)


def _listed(context: template.Context, participant: Participant, visit: Visit | None) -> dict[str, Any]:
    """Those that stand, and those whose cause was corrected."""
    if not may(context["request"].user, VIEW, participant.study, participant.site):
        return {}
    rows = page_rows(_with(participant, deviation) for deviation in deviations_of(participant, visit))
    corrected = Deviation.Status.CORRECTED
    return {
        "rows": [row for row in rows if row.deviation.status != corrected],
        "past": [row for row in rows if row.deviation.status == corrected],
        "of_visit": visit is not None,
    }


def _with(participant: Participant, deviation: Deviation) -> Deviation:
    """The page has the participant already."""
    deviation.participant = participant
    return deviation
