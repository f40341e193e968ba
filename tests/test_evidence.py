"""The trace of requirements fails where it must: a requirement without a passing test is not shown."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence import outcomes_in, problems, requirements, trace
from tests.run import report_missing

ROOT = Path(__file__).parents[1]
WANTED = {
    "A-01": {"id": "A-01", "text": "Does this.", "clauses": ["21 CFR 11.10(a)"]},
    "A-02": {"id": "A-02", "text": "Does that.", "clauses": ["ICH E9, 4.5"]},
}


def test_every_requirement_with_passing_tests_is_no_problem() -> None:
    assert problems(WANTED, {"A-01": {"t::a": True}, "A-02": {"t::b": True, "t::c": True}}) == []


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({"A-01": {"t::a": True}}, "A-02 has no test"),
        ({"A-01": {"t::a": True}, "A-02": {"t::b": True, "t::c": False}}, "A-02: t::c does not pass"),
        ({"A-01": {"t::a": True}, "A-02": {"t::b": True}, "A-03": {"t::d": True}}, "A-03 is no requirement"),
    ],
)
def test_what_is_missing_is_named(outcomes: dict[str, dict[str, bool]], said: str) -> None:
    """No test at all, one that fails beside one that passes, and a marker of nothing."""
    [problem] = problems(WANTED, outcomes)
    assert said in problem


def test_the_matrix_shows_text_clause_tests_and_result() -> None:
    table = trace(WANTED, {"A-01": {"tests/t.py::a": True}, "A-02": {"tests/t.py::b": False}})
    assert "| **A-01** Does this. | 21 CFR 11.10(a) | `t.py::a` | shown |" in table
    assert "`t.py::b` **fails** | not shown |" in table


def test_every_requirement_names_a_clause_and_says_what_the_system_does() -> None:
    """The product provides controls; it never says that somebody who uses it complies."""
    for name, row in requirements().items():
        assert row["clauses"], name
        assert row["text"].endswith("."), name
        assert "complian" not in row["text"], name


def test_what_runs_came_to_is_noted_and_added_up(tmp_path: Path) -> None:
    """The plugin itself, in two runs on one record; a test of nothing is not in it."""
    record = tmp_path / "record.json"
    marked = (
        "import pytest\n@pytest.mark.requirement('A-01')\ndef test_it(): assert {}\ndef test_else(): pass\n"
    )
    command = [
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:django", "-p", "tests.evidence",
        "--evidence", str(record), "-c", str(tmp_path / "pytest.ini"),
    ]  # fmt: skip
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = requirement\n")
    for name, holds in (("first", True), ("second", False)):
        (tmp_path / f"test_{name}.py").write_text(marked.format(holds))
        around = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([*command, f"test_{name}.py"], cwd=tmp_path, env=around, check=False)
    assert outcomes_in(record) == {"A-01": {"test_first.py::test_it": True, "test_second.py::test_it": False}}


def test_a_record_of_other_sources_is_none(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    assert outcomes_in(record) == {}
    record.write_text(json.dumps({"sources": "0" * 64, "outcomes": {"A-01": {"t::a": True}}}))
    assert outcomes_in(record) == {}


def test_a_requirement_without_a_test_ends_the_run_red(capsys: pytest.CaptureFixture[str]) -> None:
    every = {name: {"t::a": True} for name in requirements()}
    assert report_missing(every) == 0
    del every["AUD-01"]
    assert report_missing(every) == 1
    assert "evidence: AUD-01 has no test in this run" in capsys.readouterr().err
