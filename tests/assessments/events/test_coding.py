"""The sponsor's codes: the list of adverse events comes back with its columns of MedDRA filled in."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assessments.models import Record
from tests.access.conftest import signed_in
from tests.analysis.conftest import demo
from trialsite.accounts.models import User
from trialsite.audit.models import Event

__all__ = ["demo"]
pytestmark = pytest.mark.usefixtures("demo")
SERIOUS = ("01-007", "Acute appendicitis")
CODED = {"meddra_term": "Appendicitis", "meddra_code": "10003011", "meddra_version": "27.0"}


def listed() -> list[dict[str, str]]:
    """As the page of site 01 gives it."""
    client = signed_in(User.objects.get(username="coordinator"))
    answer: Any = client.post("/studies/KETNAL/adverse-events.csv")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def written(rows: list[dict[str, str]], folder: Path) -> Path:
    file = folder / "coded.csv"
    with file.open("w", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return file


def coded(rows: list[dict[str, str]], **codes: str) -> list[dict[str, str]]:
    """The rows with those codes at the serious event."""
    return [row | codes if (row["participant"], row["term"]) == SERIOUS else row for row in rows]


def run(file: Path, *options: str) -> tuple[str, str]:
    """What the command says on stdout, and on stderr."""
    out, err = io.StringIO(), io.StringIO()
    words = ("--study", "KETNAL", "--by", "investigator", *(options or ("--reason", "coded by the sponsor")))
    try:
        call_command("import_coding", str(file), *words, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), f"{err.getvalue()}{error}"
    return out.getvalue(), err.getvalue()


def event() -> Record:
    return Record.objects.get(participant__code=SERIOUS[0], items__TERM=SERIOUS[1])


def test_the_list_comes_back_with_its_codes(tmp_path: Path) -> None:
    """Once, by whoever imports, with where the file is from; the other rows stay as they are."""
    before = event().version
    file = written(coded(listed(), **CODED), tmp_path)
    assert run(file, "--dry-run") == (
        "1 events coded, 0 coded so already.\nDry run: nothing was coded.\n", ""
    )  # fmt: skip
    assert event().version == before
    assert run(file) == ("1 events coded, 0 coded so already.\n", "")
    assert run(file) == ("0 events coded, 1 coded so already.\n", "")
    saved = event()
    assert saved.version == before + 1
    assert {name: saved.items[name.upper()] for name in CODED} == {**CODED, "meddra_code": 10003011}
    kept = Event.objects.filter(table_name="assessments_record", row_pk=str(saved.pk)).latest("n")
    assert (kept.reason or "").startswith("coded by the sponsor (file SHA-256 ")
    assert not Record.objects.exclude(pk=saved.pk).filter(items__has_key="MEDDRA_CODE").exists()


@pytest.mark.parametrize(
    ("codes", "complaint"),
    [
        (
            {"meddra_code": "appendix"},
            "column meddra_code, value 'appendix': Enter a whole number, in digits",
        ),
        ({"meddra_code": "12"}, "column meddra_code, value '12': 12 is not possible"),
        ({"meddra_version": ""}, "column meddra_version, value '': term, code and version go together"),
        ({"number": "99"}, "column number, value '99': the participant has no such adverse event"),
        ({"participant": "77-001"}, "the participant has no such adverse event"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column_and_nothing_is_coded(
    codes: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    rows = coded(listed(), **CODED | codes)
    line = next(n for n, row in enumerate(rows, 2) if row["term"] == SERIOUS[1])
    _out, err = run(written(rows, tmp_path))
    assert f"line {line}, " in err
    assert complaint in err
    assert "nothing was coded" in err
    assert "MEDDRA_CODE" not in event().items


def test_a_term_that_was_changed_meanwhile_is_not_coded(tmp_path: Path) -> None:
    """The code is of the words that the sponsor read."""
    rows = coded(listed(), **CODED, term="Appendicitis acute")
    _out, err = run(written(rows, tmp_path))
    assert "the term recorded is “Acute appendicitis”; code that one" in err


def test_who_may_not_enter_data_codes_nothing(tmp_path: Path) -> None:
    file = written(coded(listed(), **CODED), tmp_path)
    _out, err = run(file, "--reason", "r", "--by", "monitor")
    assert "may not enter data there" in err
    assert "MEDDRA_CODE" not in event().items
