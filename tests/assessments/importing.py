"""An invented trial to import into, and the command as people call it."""

import io
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError

from assessments.domain.instrument import catalogue
from assessments.models import Assessment
from enrollment.models import Participant, Visit
from enrollment.services import load_protocol
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Event

HEADER = "site,participant,period,visit,date,instrument,total"
PROTOCOL = """
code = "ASPEN"
title = "An invented antidepressant over eight weeks: one arm, one period, two sites"
short_title = "Aspen"
version = "1.0"
planned_enrolment = 40
blinding = "open"
synthetic = true
dosing_label = "Start of treatment"
screening_instruments = []
sites = [
  { code = "A", name = "Clinic A", timezone = "Europe/Berlin" },
  { code = "B", name = "Clinic B", timezone = "Pacific/Kiritimati" },
]
arms = [{ code = "ASP", label = "Aspenine", description = "Aspenine 20 mg daily" }]
sequences = [{ code = "S", arms = ["ASP"] }]
periods = [{ number = 1, label = "Treatment" }]
visits = [
  { code = "BL", label = "Baseline", day = 0, before = 2, after = 0, instruments = ["HAMD17"] },
  { code = "WK2", label = "Week 2", day = 14, before = 3, after = 3, instruments = ["HAMD17"] },
  { code = "WK4", label = "Week 4", day = 28, before = 3, after = 3, instruments = ["HAMD17"] },
  { code = "WK8", label = "Week 8", day = 56, before = 3, after = 3, instruments = ["HAMD17"] },
]

[[instruments]]
code = "HAMD17"
item_maxima = {}
prorate = false
totals_only = true

[endpoints]
instrument = "HAMD17"
baseline_visit = "BL"
primary_visit = "WK8"
response_percent = 50
remission_max = 7

[[criteria]]
id = "I01"
group = "inclusion"
kind = "confirm"
name = "Outpatient"
text = "Depressed outpatient"
fact = "outpatient"
expected = true

[sources]
title = "our choice: invented"
"arms.description" = "our choice: invented"
planned_enrolment = "our choice: invented"
periods = "our choice: invented"
"visits.day" = "our choice: invented"
"visits.before" = "our choice: invented"
"visits.after" = "our choice: invented"
"endpoints.response_percent" = "our choice: invented"
"endpoints.remission_max" = "our choice: invented"
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What the command said, and the sentence it ended with when it refused."""

    out: str
    problems: list[str]
    error: str


def invented() -> Study:
    """The invented trial, loaded."""
    version, _new = load_protocol(PROTOCOL, by=User.objects.system(), catalogue=catalogue())
    return version.study


def run(file: Path, study: str, *options: str) -> Run:
    out, err = io.StringIO(), io.StringIO()
    error = ""
    try:
        call_command("import_assessments", str(file), "--study", study, *options, stdout=out, stderr=err)
    except CommandError as refused:
        error = str(refused)
    return Run(out.getvalue(), err.getvalue().splitlines(), error)


def counts(study: Study) -> tuple[int, int, int, int]:
    """Participants, visits, ratings and audited events: what an import could leave behind."""
    return (
        Participant.objects.filter(study=study).count(),
        Visit.objects.filter(participant__study=study).count(),
        Assessment.objects.filter(participant__study=study).count(),
        Event.objects.count(),
    )


def saved_totals(study: Study) -> dict[tuple[str, str], tuple[int | None, str]]:
    """(participant, visit) → (total, date as ISO 8601)."""
    rows = Assessment.objects.filter(participant__study=study).values_list(
        "participant__code", "visit__code", "total", "performed_on"
    )
    return {(code, visit): (total, on.isoformat() if on else "") for code, visit, total, on in rows}
