"""Words for flags and their values."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.domain.response import later_visits
from analysis.outcomes.explain_text import undefined, yes_no
from analysis.outcomes.rules import outcome_rules, rules_in_force
from trialsite.accounts.models import Study

register = template.Library()
NAMES = {
    "baseline": gettext_lazy("Baseline total"),
    "change": gettext_lazy("Change at the primary visit"),
    "response": gettext_lazy("Response"),
    "remission": gettext_lazy("Remission"),
    "sustained": gettext_lazy("Sustained response"),
    "relapse": gettext_lazy("Relapse"),
    "pattern": gettext_lazy("Response pattern"),
    "completer": gettext_lazy("Completer"),
}


@register.filter
def flag_name(flag: str) -> str:
    return str(NAMES[flag])


@register.simple_tag
def course_undefined(study: Study) -> str:
    """What stands for sustained response and relapse where the study's rules define neither; else empty."""
    return "" if later_visits(outcome_rules(rules_in_force(study))) else undefined()


@register.filter
def flag_value(value: int | bool | str | None) -> str:
    """Yes and no for flags, "not evaluable" for what is not known; numbers and patterns as they are."""
    if value is None or isinstance(value, bool):
        return yes_no(value)
    if value == "":
        return _("not evaluable")
    return _("no period") if value == "none" else str(value)
