"""A pytest plugin (`-p tests.evidence`): which requirement is tested by what, and with which result.

`--evidence` runs the tests of requirements only and writes docs/validation/trace.md. `--require-evidence` leaves
the run as it is. Either way the run fails when a requirement has no passing test, or a test of one fails.
"""

import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "validation"
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


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evidence")
    group.addoption("--evidence", action="store_true", help="run the tests of requirements; write the trace")
    group.addoption(
        "--require-evidence", action="store_true", help="fail on a requirement without a passing test"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--evidence") or config.getoption("--require-evidence"):
        config.pluginmanager.register(_Evidence(config), "trialsite-evidence")


class _Evidence:
    def __init__(self, config: pytest.Config) -> None:
        self.writes = bool(config.getoption("--evidence"))
        self.is_worker = hasattr(config, "workerinput")
        self.outcomes: Outcomes = defaultdict(dict)
        self.problems: list[str] = []

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            for marker in item.iter_markers("requirement"):
                item.user_properties += [("requirement", name) for name in marker.args]
        if self.writes:
            others = [item for item in items if not item.user_properties]
            items[:] = [item for item in items if item.user_properties]
            config.hook.pytest_deselected(items=others)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.partition("[")[0]
        for name, value in report.user_properties:
            if name == "requirement" and (report.when == "call" or not report.passed):
                passed = self.outcomes[str(value)].get(test, True)
                self.outcomes[str(value)][test] = passed and report.passed

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.is_worker:
            return
        self.problems = problems(requirements(), self.outcomes)
        if self.writes:
            (FOLDER / "trace.md").write_text(trace(requirements(), self.outcomes), encoding="utf-8")
        if self.problems and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for problem in self.problems:
            terminalreporter.write_line(f"evidence: {problem}", red=True)


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
