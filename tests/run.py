"""All tests, on one pair of servers: `make test`. Ends with the first run of pytest that fails, or with 1 where a
requirement has no passing test.

`--beside COMMAND …` runs that command meanwhile, shows what it wrote once it has ended, and fails where it failed.
`--evidence` writes docs/validation/trace.md: of what `make test` noted on these very sources, else of the requirements'
tests, which are run for it.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from tests.evidence import FOLDER, ROOT, Outcomes, outcomes_in, problems, requirements, trace

RUNS = (
    ("-m", "not browser"),
    # Of its own: Playwright keeps an event loop in its process, in which Django refuses database calls.
    ("-m", "browser", "tests/browser"),
)
# Noted while the runs go on; kept under the second name when they are through.
NOTED, KEPT = ROOT / ".local" / "evidence-begun.json", ROOT / ".local" / "evidence.json"


def run(*options: str) -> int:
    from trialsite.stack import testing  # noqa: F401 - starts the servers; the runs inherit where they are

    NOTED.unlink(missing_ok=True)
    failed = 0
    for arguments in RUNS:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"]
        command += ["--no-loadscope-reorder", "-p", "tests.evidence"]
        failed = subprocess.run([*command, "--evidence", NOTED, *options, *arguments]).returncode
        if failed and "--requirements-only" not in options:
            return failed
    NOTED.replace(KEPT)
    return failed


@contextmanager
def beside(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The running command, whose output is shown in one piece when it ends. It ends with the block at the latest."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def show() -> None:
        output, _ = process.communicate()
        sys.stdout.buffer.write(b"\n" + output)
        sys.stdout.flush()

    shown = Thread(target=show)
    shown.start()
    try:
        yield process
    finally:
        process.terminate()
        shown.join()


def report_missing(outcomes: Outcomes) -> int:
    """1 where something is missing, which is written down."""
    missing = problems(requirements(), outcomes)
    for problem in missing:
        sys.stderr.write(f"evidence: {problem}\n")
    return 1 if missing else 0


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--beside"]:
        with beside(arguments[1:]) as checks:
            return main([]) or checks.wait()
    if arguments != ["--evidence"]:
        return run() or report_missing(outcomes_in(KEPT))
    outcomes = outcomes_in(KEPT)
    if not outcomes:
        run("--requirements-only")
        outcomes = outcomes_in(KEPT)
    (FOLDER / "trace.md").write_text(trace(requirements(), outcomes), encoding="utf-8")
    return report_missing(outcomes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
