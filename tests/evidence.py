"""A pytest plugin (`-p tests.evidence`): which requirement is tested by what, and with which result.

`--evidence FILE` leaves the run as it is and notes in FILE what the tests of requirements came to, beside what runs on the
same sources noted there before; `--requirements-only` runs no others. `python -m tests.run` checks the record and makes
docs/validation/trace.md of it.
"""

import hashlib
import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "validation"
# What the outcome of a test can depend on, and nothing that a run makes.
SOURCES = (
    "analysis", "assessments", "enrollment", "templates", "tests", "trialsite", "docs/validation/requirements.toml",
    "pyproject.toml", "requirements-dev.txt",
)  # fmt: skip
HEAD = """\
# Trace: requirement → tests → result

Written by `make evidence` from `requirements.toml` and the markers of the tests. Trialsite provides the technical
controls for the clauses named; whether a trial meets them also depends on people and procedures. A requirement
is "shown" when it has a test and all its tests pass.

"""

Outcomes = dict[str, dict[str, bool]]


def requirements() -> dict[str, dict[str, Any]]:
    """Id → text and clauses, in the order of the file."""
    with open(FOLDER / "requirements.toml", "rb") as file:
        return {row["id"]: row for row in tomllib.load(file)["requirement"]}


def sources_sha256() -> str:
    """Of the names and contents of SOURCES: a record is of exactly these."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(
                    f"{file.relative_to(ROOT)} {file.stat().st_size}\n".encode() + file.read_bytes()
                )
    return digest.hexdigest()


def outcomes_in(record: Path) -> Outcomes:
    """What runs on the sources as they are now noted there; of no file, or of other sources, nothing."""
    kept = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    return kept["outcomes"] if kept.get("sources") == sources_sha256() else {}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evidence")
    group.addoption("--evidence", type=Path, metavar="FILE", help="note what the requirements' tests came to")
    group.addoption("--requirements-only", action="store_true", help="run the tests of requirements alone")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--evidence"):
        config.pluginmanager.register(_Evidence(config), "trialsite-evidence")


class _Evidence:
    def __init__(self, config: pytest.Config) -> None:
        self.record = config.getoption("--evidence")
        self.alone = bool(config.getoption("--requirements-only"))
        self.is_worker = hasattr(config, "workerinput")
        self.outcomes: Outcomes = defaultdict(dict)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            for marker in item.iter_markers("requirement"):
                item.user_properties += [("requirement", name) for name in marker.args]
        if self.alone:
            others = [item for item in items if not item.user_properties]
            items[:] = [item for item in items if item.user_properties]
            config.hook.pytest_deselected(items=others)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.partition("[")[0]
        for name, value in report.user_properties:
            if name == "requirement" and (report.when == "call" or not report.passed):
                passed = self.outcomes[str(value)].get(test, True)
                self.outcomes[str(value)][test] = passed and report.passed

    def pytest_sessionfinish(self) -> None:
        if self.is_worker:
            return
        outcomes = outcomes_in(self.record)
        for name, tests in self.outcomes.items():
            outcomes[name] = outcomes.get(name, {}) | tests
        self.record.parent.mkdir(exist_ok=True)
        kept = {"sources": sources_sha256(), "outcomes": outcomes}
        self.record.write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")


def problems(wanted: dict[str, dict[str, Any]], outcomes: Outcomes) -> list[str]:
    """What is missing: requirements without a test, tests that fail, markers of no requirement."""
    found = [f"{name} has no test in this run" for name in wanted if not outcomes.get(name)]
    for name, tests in outcomes.items():
        if name not in wanted:
            found.append(f"{name} is no requirement, but {', '.join(tests)} is marked with it")
        found += [f"{name}: {test} does not pass" for test, passed in tests.items() if not passed]
    return found


def trace(wanted: dict[str, dict[str, Any]], outcomes: Outcomes) -> str:
    """The matrix in Markdown."""
    lines = ["| Requirement | Serves | Tests | Result |", "|---|---|---|---|"]
    for name, row in wanted.items():
        tests = outcomes.get(name, {})
        shown = "shown" if tests and all(tests.values()) else "not shown"
        cells = "<br>".join(
            f"`{test.removeprefix('tests/')}`" + ("" if ok else " **fails**")
            for test, ok in sorted(tests.items())
        )
        lines.append(f"| **{name}** {row['text']} | {'; '.join(row['clauses'])} | {cells} | {shown} |")
    return HEAD + "\n".join(lines) + "\n"
