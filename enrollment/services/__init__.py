"""The only writers of enrolment data: one function for each change of the world."""

from enrollment.services.decision import confirm_eligibility, reopen_screening
from enrollment.services.drafts import discard_screening_draft, keep_screening_draft
from enrollment.services.protocol import load_protocol
from enrollment.services.randomisation import (
    pause_enrollment,
    randomise,
    request_allocation_list,
    resume_enrollment,
)
from enrollment.services.schedule import (
    mark_missed,
    mark_performed,
    plan_period,
    record_dosing,
    reopen_visit,
    take_back_performed,
    withdraw,
)
from enrollment.services.screening import record_fact, record_screening, rescreen, screen
from enrollment.services.treatments import add_treatment, declare_treatments, remove_treatment
from enrollment.services.unblinding import unblind

__all__ = [
    "add_treatment",
    "confirm_eligibility",
    "declare_treatments",
    "discard_screening_draft",
    "keep_screening_draft",
    "load_protocol",
    "mark_missed",
    "mark_performed",
    "pause_enrollment",
    "plan_period",
    "randomise",
    "record_dosing",
    "record_fact",
    "record_screening",
    "remove_treatment",
    "reopen_screening",
    "reopen_visit",
    "request_allocation_list",
    "rescreen",
    "resume_enrollment",
    "screen",
    "take_back_performed",
    "unblind",
    "withdraw",
]
