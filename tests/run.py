"""All tests, on one pair of servers: `make test`. Ends with the first run of pytest that fails."""

import subprocess
import sys

from trialsite.stack import testing  # noqa: F401 - starts the servers; the runs inherit where they are

RUNS = (
    ("-m", "not browser", "-p", "tests.evidence", "--require-evidence"),
    # Of its own: Playwright keeps an event loop in its process, in which Django refuses database calls.
    ("-m", "browser", "tests/browser"),
)


def main() -> int:
    for arguments in RUNS:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments]
        if failed := subprocess.run(command).returncode:
            return failed
    return 0


if __name__ == "__main__":
    sys.exit(main())
