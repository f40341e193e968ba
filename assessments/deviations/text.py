"""A deviation in words: its rule, what happened, and where. Nothing here tells a treatment; a kit is its number."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessments.models import Deviation
from enrollment.domain.deviations import rules_of
from enrollment.models import ProtocolVersion

RULES = {
    "visit_window": gettext_lazy("Visit outside its window"),
    "visit_missed": gettext_lazy("Visit missed"),
    "visit_order": gettext_lazy("Visits out of order"),
    "period_order": gettext_lazy("Periods out of order"),
    "washout_minimum": gettext_lazy("Washout too short"),
    "washout_maximum": gettext_lazy("Washout too long"),
    "before_consent": gettext_lazy("Procedure before consent"),
    "consent_not_approved": gettext_lazy("Consent version not approved"),
    "missing_baseline": gettext_lazy("Baseline rating missing"),
    "rating_before_dose": gettext_lazy("Rating before dosing"),
    "rating_after_dose": gettext_lazy("Baseline rating after dosing"),
    "wrong_kit": gettext_lazy("Wrong kit"),
    "tolerance": gettext_lazy("Outside a tolerance"),
}


def rule_text(deviation: Deviation) -> str:
    """The rule; of a tolerance its name in the protocol."""
    if deviation.rule == "tolerance":
        rules = rules_of(ProtocolVersion.objects.cached(deviation.participant.protocol_id).definition)
        labels = {tolerance.code: tolerance.label for tolerance in rules.tolerances}
        return labels.get(deviation.subject, deviation.subject)
    return str(RULES[deviation.rule])


def what_happened(deviation: Deviation) -> str:
    """ "3 days late", "53, tolerance 40–50 min"; empty where the rule says it all."""
    if deviation.rule == "wrong_kit":
        values = {"recorded": deviation.recorded, "expected": deviation.expected}
        return _("%(recorded)s recorded, %(expected)s assigned") % values
    if deviation.rule == "tolerance":
        values = {"recorded": deviation.recorded, "expected": deviation.expected}
        return _("%(recorded)s, tolerance %(expected)s") % values
    if deviation.rule == "consent_not_approved":
        return _consent(deviation)
    return _days(deviation.days) if deviation.days else ""


def where(deviation: Deviation) -> str:
    """ "Period 1, Day 3"."""
    period = _("Period %(n)d") % {"n": deviation.period} if deviation.period else ""
    visit = deviation.visit.label if deviation.visit else ""
    return ", ".join(filter(None, (period, visit)))


def _consent(deviation: Deviation) -> str:
    if not deviation.expected:
        return _("version %(version)s signed, not approved at the site") % {"version": deviation.recorded}
    day = date_format(date.fromisoformat(deviation.expected))
    return _("version %(version)s signed, approved at the site from %(day)s") % {
        "version": deviation.recorded,
        "day": day,
    }


def _days(days: int) -> str:
    if days < 0:
        return ngettext("%(n)d day early", "%(n)d days early", -days) % {"n": -days}
    return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}
