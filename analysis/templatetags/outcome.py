"""Words for flags and their values."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.explain_words import yes_no

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


@register.filter
def flag_value(value: int | bool | str | None) -> str:
    """Yes and no for flags, "not evaluable" for what is not known; numbers and patterns as they are."""
    if value is None or isinstance(value, bool):
        return yes_no(value)
    if value == "":
        return _("not evaluable")
    return _("no period") if value == "none" else str(value)
