"""What rooms above this one do when the schedule changes, in the same transaction. Named here, for nothing here imports
them; each takes part in the change, whose caller has authorised."""

from collections.abc import Collection
from datetime import date

from django.utils.module_loading import import_string

from enrollment.models import Period
from trialsite.accounts.models import User

DOSING_DATED = ("assessments.timing.services.check_period",)
COURSE_CHANGED = ("assessments.deviations.services.settle_deviations",)


def dosing_dated(
    period: Period, dosed_before: date | None, planned_before: date | None, *, by: User, reason: str
) -> None:
    """The day of `period` was recorded, corrected or planned anew; `…_before`: what stood there."""
    for effect in DOSING_DATED:
        import_string(effect)(period, dosed_before, planned_before, by=by, reason=reason)


def course_changed(participants: Collection[int], *, by: User) -> None:
    """What happened to `participants` (ids), or when, is written otherwise than before."""
    for effect in COURSE_CHANGED:
        import_string(effect)(participants, by=by)
