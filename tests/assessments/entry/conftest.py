"""A version of the demo's protocol with one more form at the baseline visit."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from assessments.domain.form_file import FOLDER
from assessments.entry.loading import load_trial
from enrollment import services
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.selectors import today_at
from trialsite.accounts.models import Site, Study, User

from ...conftest import decide, make_screened, randomised_earlier

LABS = """
code = "LABS"
title = "Laboratory"
version = "1"
placement = "once_at_visit"
missing_reasons = ["ND", "UNK"]

[[items]]
code = "DONE"
type = "yes_no"
label = "Was blood drawn?"
required = true

[[items]]
code = "HB"
type = "decimal"
label = "Haemoglobin"
decimals = 1
minimum = 2
maximum = 25
usual_minimum = 11
usual_maximum = 17
show_when = "DONE"
required = true
units = [{ code = "g/dL" }]

[[items]]
code = "NOTE"
type = "long_text"
label = "Note"
"""


def with_labs(source: str, version: str) -> str:
    """The protocol file's text, with the form above at the baseline visit."""
    uses = '{ code = "VITALS", version = "1" },'
    text = re.sub(r'^version = ".*"$', f'version = "{version}"', source, count=1, flags=re.MULTILINE)
    text = text.replace(uses, f'{uses} {{ code = "LABS", version = "1" }},', 1)
    return text.replace('"CADSS"], forms = [', '"CADSS"], forms = ["LABS", ', 1)


@pytest.fixture
def forms_folder(tmp_path: Path) -> Path:
    """The shipped forms, and a small one of the tests."""
    folder = tmp_path / "forms"
    shutil.copytree(FOLDER, folder)
    (folder / "labs.toml").write_text(LABS)
    return folder


@pytest.fixture
def protocol(study: Study, forms_folder: Path) -> ProtocolVersion:
    source = with_labs(study.protocols.latest().source, "9.1")
    return load_trial(source, by=User.objects.system(), folder=forms_folder)[0]


@pytest.fixture
def participant(protocol: ProtocolVersion, site: Site, coordinator: User, investigator: User) -> Participant:
    """Eligible, under that version."""
    screened = make_screened(site, coordinator)
    decide(screened, by=investigator)
    screened.refresh_from_db()
    return screened


@pytest.fixture
def baseline(participant: Participant, coordinator: User) -> Visit:
    """The baseline visit of the first period, whose infusion was given."""
    randomised_earlier(participant, by=coordinator)
    first = participant.periods.get(number=1)
    given = today_at(participant.site) - timedelta(days=10)
    services.record_dosing(first, given, by=coordinator, version=first.version)
    return Visit.objects.select_related("participant").get(period=first, code="BASELINE")
