"""Changes of the schedule."""

from enrollment.schedule.services.dosing import plan_period, record_dosing, unplan_period
from enrollment.schedule.services.performed import mark_performed, settle_schedule, take_back_performed
from enrollment.schedule.services.visits import mark_missed, reopen_visit

__all__ = [
    "mark_missed",
    "mark_performed",
    "plan_period",
    "record_dosing",
    "reopen_visit",
    "settle_schedule",
    "take_back_performed",
    "unplan_period",
]
