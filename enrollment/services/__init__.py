"""The only writers of enrolment data: one function for each change of the world."""

from enrollment.halts.services import pause_enrollment, resume_enrollment
from enrollment.randomisation.services import enrol_treated, randomise, request_allocation_list
from enrollment.schedule.services import (
    mark_missed,
    mark_performed,
    plan_period,
    record_dosing,
    reopen_visit,
    settle_schedule,
    take_back_performed,
)
from enrollment.screening.services import (
    confirm_eligibility,
    declare_treatments,
    discard_screening_draft,
    keep_screening_draft,
    record_fact,
    record_screening,
    reopen_screening,
    rescreen,
    screen,
)
from enrollment.supply.services import (
    ask_replacement,
    close_wrong_kit,
    destroy_kit,
    put_back_kit,
    receive_shipment,
    request_supply,
    return_kit,
)
from enrollment.unblinding.services import unblind
from enrollment.versions.services import load_protocol
from enrollment.withdrawal.services import take_back_withdrawal, withdraw

__all__ = [
    "ask_replacement",
    "close_wrong_kit",
    "confirm_eligibility",
    "declare_treatments",
    "destroy_kit",
    "discard_screening_draft",
    "enrol_treated",
    "keep_screening_draft",
    "load_protocol",
    "mark_missed",
    "mark_performed",
    "pause_enrollment",
    "plan_period",
    "put_back_kit",
    "randomise",
    "receive_shipment",
    "record_dosing",
    "record_fact",
    "record_screening",
    "reopen_screening",
    "reopen_visit",
    "request_allocation_list",
    "request_supply",
    "rescreen",
    "resume_enrollment",
    "return_kit",
    "screen",
    "settle_schedule",
    "take_back_performed",
    "take_back_withdrawal",
    "unblind",
    "withdraw",
]
