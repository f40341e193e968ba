"""The trace of requirements fails where it must: a requirement without a passing test is not shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence import problems, requirements, trace

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


def test_a_run_without_a_test_of_a_requirement_fails(tmp_path: Path) -> None:
    """The whole plugin: a run in which nothing shows the requirements ends red, though its one test passes."""
    (tmp_path / "test_alone.py").write_text("def test_alone(): pass\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:django",
        "-p",
        "tests.evidence",
    ]
    around = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *options, str(tmp_path)], cwd=tmp_path, env=around, capture_output=True, text=True
        )

    assert run().returncode == 0
    ended = run("--require-evidence")
    assert ended.returncode == 1
    assert "evidence: AUD-01 has no test in this run" in ended.stdout
