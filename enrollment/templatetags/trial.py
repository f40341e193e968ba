"""Template words of the trial: what pure rules say, in the reader's language."""

import re
from datetime import date

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.domain.eligibility import CriterionResult, Verdict
from enrollment.models import Visit
from enrollment.strip.text import days_text, short_day
from trialsite.accounts.fields import typed_day

register = template.Library()
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")


@register.filter
def sentence(result: CriterionResult) -> str:
    """The reason of a criterion's verdict."""
    return _(result.message) % result.params


@register.filter
def as_people_write(value: object) -> object:
    """A value of the audit trail: 2026-03-09 as 9 Mar 2026, 14:30:00 as 14:30, True as yes; anything else unchanged."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and DAY.fullmatch(value):
        return typed_day(value)
    if isinstance(value, str) and TIME.fullmatch(value):
        return value[:5]
    return value


@register.filter
def headline(verdict: Verdict) -> str:
    """The verdict in one sentence: "Not eligible: HAM-D 18, needs at least 20"."""
    return _(verdict.headline) % verdict.headline_params


@register.filter
def day_of_year(day: date) -> str:
    """ "9 Mar", with the year where it is not this year's."""
    return short_day(day, timezone.localdate())


@register.filter
def window(visit: Visit) -> str:
    """ "11–13 Mar 2026"; empty without dates."""
    return days_text(visit.earliest_on, visit.latest_on) if visit.earliest_on and visit.latest_on else ""
