"""The steps of the day: which items of which form each fills in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Target = Literal["form", "urine_screen", "vital_signs"]


@dataclass(frozen=True, slots=True)
class Step:
    """`items` of its form, empty for all of them; `asks`: what else it may be asked about; `done_by`: the item whose answer
    says that the step took place; `moment`: the item that says when."""

    title: str | Promise
    target: Target = "form"
    items: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    done_by: str = ""
    moment: str = ""


STEPS: Mapping[str, Step] = {
    "recheck": Step(_("Eligibility re-check"), items=("OPIOID",), done_by="OPIOID"),
    "screens": Step(_("Urine screens"), "urine_screen", done_by="TIME", moment="TIME"),
    "before": Step(_("Vital signs before"), "vital_signs", moment="TIME"),
    "capsule": Step(
        _("Capsule"),
        items=("WELL", "KIT", "CAPSULE_TIME"),
        done_by="CAPSULE_TIME",
        moment="CAPSULE_TIME",
    ),
    "weight": Step(_("Weight and dose"), items=("WEIGHT", "WEIGHT_DATE", "DRAWN"), done_by="DRAWN"),
    "check": Step(
        _("Second person’s check"),
        items=("CHECKED_BY", "CHECKED_TIME"),
        done_by="CHECKED_BY",
        moment="CHECKED_TIME",
    ),
    "start": Step(
        _("Start of the infusion"),
        items=("START", "GIVEN", "WHY_NOT_GIVEN"),
        asks=("CAPSULE_TO_START", "CAPSULE_TIME", "WEIGHT_DATE", "CHECKED_TIME"),
        done_by="GIVEN",
        moment="START",
    ),
    "interruption": Step(
        _("Interruption"), items=("INTERRUPTED", "INTERRUPTIONS", "INTERRUPTED_FOR"), done_by="INTERRUPTIONS"
    ),
    "vital_signs": Step(_("Vital signs"), "vital_signs", moment="TIME"),
    "stop": Step(
        _("Stop of the infusion"),
        items=("STOP", "WHOLE_DOSE", "AMOUNT", "WHY_NOT_WHOLE"),
        asks=("DURATION",),
        done_by="STOP",
        moment="STOP",
    ),
    "discharge": Step(
        _("Discharge"),
        items=("ALERT", "STABLE", "WALKS", "SAFE", "ACCOMPANIED", "DISCHARGED"),
        done_by="DISCHARGED",
        moment="DISCHARGED",
    ),
}
# What vital signs ask beside the bed; the form has more.
MEASURED = ("TIME", "SYSBP", "DIABP", "PULSE", "OXYSAT")
MEASURED_BEFORE = (*MEASURED, "WEIGHT", "TEMP")
