"""Template words of the trial: what pure rules say, in the reader's language."""

from django import template
from django.utils.translation import gettext as _

from enrollment.domain.eligibility import CriterionResult, Verdict

register = template.Library()


@register.filter
def sentence(result: CriterionResult) -> str:
    """The reason of a criterion's verdict."""
    return _(result.message) % result.params


@register.filter
def headline(verdict: Verdict) -> str:
    """The verdict in one sentence: "Not eligible: HAM-D 18, needs at least 20"."""
    return _(verdict.headline) % verdict.headline_params
