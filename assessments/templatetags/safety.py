"""Safety alerts on the pages of all rooms."""

from typing import Any

from django import template

from assessments.models.safety import SafetyAlert
from assessments.safety.selectors import ACKNOWLEDGE, alerts_of, alerts_waiting_for
from assessments.safety.text import text_of
from enrollment.models import Participant
from trialsite.accounts.keyset import few
from trialsite.accounts.policy import may

register = template.Library()
# More than fit on a page are told by their number.
SHOWN = 20
# Pages that show the alerts themselves.
SHOWN_THERE = {"today", "safety_alert"}


@register.inclusion_tag("assessments/safety/_bar.html", takes_context=True)
def safety_bar(context: template.Context) -> dict[str, Any]:
    """On every page of a study, for those who are to act; without values, for one may be rating there."""
    request, study = context.get("request"), context.get("study")
    match = getattr(request, "resolver_match", None)
    if study is None or match is None or match.url_name in SHOWN_THERE:
        return {"alerts": []}
    return {"alerts": few(alerts_waiting_for(context["request"].user, study), SHOWN)}


@register.inclusion_tag("assessments/safety/_alerts.html", takes_context=True)
def safety_today(context: template.Context) -> dict[str, Any]:
    """On Today: all that wait for this person, by participant and value."""
    alerts = alerts_waiting_for(context["request"].user, context["study"])
    return {"rows": [_row(alert, True) for alert in few(alerts, SHOWN)], "named": True}


@register.inclusion_tag("assessments/safety/_alerts.html", takes_context=True)
def safety_of(context: template.Context, participant: Participant) -> dict[str, Any]:
    """On a participant's pages: those that are open, and what was done about the others."""
    acts = may(context["request"].user, ACKNOWLEDGE, participant.study, participant.site)
    rows = [_row(alert, acts) for alert in alerts_of(participant)]
    return {
        "rows": [row for row in rows if not row["alert"].acknowledged_at],
        "past": [row for row in rows if row["alert"].acknowledged_at],
    }


def _row(alert: SafetyAlert, acts: bool) -> dict[str, Any]:
    return {"alert": alert, "said": text_of(alert), "acts": acts}
