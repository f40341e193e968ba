"""Forms of a participant on the pages of all rooms."""

from typing import Any

from django import template

from assessments.entry import lists
from assessments.entry.lists import JudgedForm
from assessments.entry.reading import participant_forms
from enrollment.models import Participant
from trialsite.accounts.policy import may
from trialsite.review.selectors import ReviewStatus

register = template.Library()


@register.filter
def judged_forms(participant: Participant) -> list[JudgedForm]:
    """Forms that eligibility waits for."""
    return lists.judged_forms(participant)


@register.inclusion_tag("assessments/entry/_participant_forms.html", takes_context=True)
def forms_of(context: template.Context, participant: Participant, status: ReviewStatus) -> dict[str, Any]:
    """On a participant's page: what is recorded of them outside visits. `status`: of the casebook."""
    request = context["request"]
    forms = participant_forms(participant, status, request.user)
    return {
        "forms": forms,
        "filled": sum(bool(form.in_force) for form in forms),
        "waiting": sum(form.waiting for form in forms),
        "asked": [form for form in forms if form.queries],
        "participant": participant,
        "visit": None,
        "may_enter": may(request.user, "assessment.enter", participant.study, participant.site)
        and not status.locked,
        "review_may": context["review_may"],
        "request": request,
        "csrf_token": context.get("csrf_token"),
    }
