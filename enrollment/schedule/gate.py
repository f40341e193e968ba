"""The gate before a period: whether its day keeps the washout rule, and who answers for it where it does not."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.domain import washout
from enrollment.models import Period
from enrollment.selectors import washout_before
from trialsite.accounts.models import User
from trialsite.accounts.policy import may
from trialsite.lib.visible import is_visible


def plan_within(period: Period, planned_on: date, by: User, override_reason: str) -> None:
    """Let `planned_on` stand, with an investigator's override where it lies outside the washout rule.

    Raises ValidationError by field. Sets the override, or takes it back; saves nothing.
    """
    window = _known_window(period)
    outside = washout.days_outside(window, planned_on) if window else 0
    if not window or not outside:
        _take_back(period)
        return
    participant = period.participant
    if not may(by, "washout.override", participant.study, participant.site):
        raise ValidationError({"planned_on": _refusal(period, window, planned_on)})
    if not is_visible(override_reason):
        raise ValidationError(
            {
                "override_reason": _(
                    "This date is outside the washout window. Give the reason for overriding it."
                )
            }
        )
    period.override_reason, period.override_by, period.override_days = override_reason, by, outside


def record_within(period: Period, dosed_on: date, by: User, reason: str) -> None:
    """What happened is recorded as it was: outside the rule it needs a reason, unless an override covers it.

    Raises ValidationError by field. Sets the reason, or takes it back; saves nothing.
    """
    window = washout_before(period)
    outside = washout.days_outside(window, dosed_on) if window else 0
    if not outside:
        _take_back(period)
        return
    if covered(period, outside):
        return
    if not is_visible(reason):
        raise ValidationError(
            {
                "reason": _(
                    "The minimum washout was not met. Give the reason for administering it on this date."
                )
                if outside < 0
                else _("The maximum washout was exceeded. Give the reason for administering it on this date.")
            }
        )
    participant = period.participant
    overrides = may(by, "washout.override", participant.study, participant.site)
    period.override_reason, period.override_days = reason, outside
    period.override_by = by if overrides else None


def washout_kept(period: Period, window: washout.WashoutWindow, day: date) -> bool:
    """Whether `day` keeps the rule, or an override answers for it."""
    outside = washout.days_outside(window, day)
    return not outside or covered(period, outside)


def covered(period: Period, outside: int) -> bool:
    """Whether an investigator has answered for so many days outside the rule. Who overrode before the days were kept
    with it has answered for them."""
    if period.override_by_id is None:
        return False
    return period.override_days is None or washout.covers(period.override_days, outside)


def _known_window(period: Period) -> washout.WashoutWindow | None:
    """The window before `period`. Raises ValidationError while the dosing before it is not recorded."""
    before = period.participant.periods.filter(number__lt=period.number).order_by("-number").first()
    if before and not before.dosed_on:
        dosing = period.participant.protocol.definition.dosing_label
        raise ValidationError(
            {
                "planned_on": _("The washout cannot be calculated yet: record %(dosing)s %(n)d first.")
                % {"dosing": dosing, "n": before.number}
            }
        )
    return washout_before(period)


def _refusal(period: Period, window: washout.WashoutWindow, day: date) -> str:
    if washout.judge(window, day) == "late":
        sentence = _(
            "The maximum washout ends on %(day)s. A later date requires an investigator's override with a reason."
        )
        return sentence % {"day": date_format(window.latest_on)}
    sentence = _(
        "The minimum washout ends on %(day)s. An earlier date requires an investigator's override with a reason."
    )
    return sentence % {"day": date_format(window.earliest_on)}


def _take_back(period: Period) -> None:
    period.override_reason, period.override_by, period.override_days = "", None, None
