"""`python -m trialsite.stack`: the demo, everything in one command, until Ctrl-C or SIGTERM."""

import os
import sys
import time

from trialsite.stack.binaries import NotFound
from trialsite.stack.demo import Demo, Stopped, say
from trialsite.stack.endpoints import free
from trialsite.stack.locks import AlreadyRunning, Runner
from trialsite.stack.prepare import LOCAL, Failed, demo_password, prepare_demo

# Login, and what it is for; load_demo makes them.
LOGINS = {
    "coordinator": "screens, schedules, enters ratings at site 01",
    "investigator": "judges eligibility, sees the blinded dashboard at site 01",
    "monitor": "reads both sites",
    "datamanager": "both sites' data",
    "pharmacist": "knows which kit is what",
    "statistician": "unblinded: outcomes by treatment, interim looks",
    "safety": "safety across sites",
    "auditor": "reads the audit trail",
    "admin": "people, roles, sites, export",
    "coordinator2": "as coordinator, at site 02",
    "investigator2": "as investigator, at site 02",
}


def main() -> None:
    started = time.monotonic()
    try:
        with Demo(_port(), prepare_demo) as demo:
            _greet(demo.port, demo_password(), time.monotonic() - started)
            demo.supervise()
    except Stopped:
        say("Stopped.")
    except AlreadyRunning as error:
        sys.exit(f"Not started: {error}. Use that one, or stop it first.")
    except (NotFound, Failed, RuntimeError) as error:
        sys.exit(str(error))


def _port() -> int:
    port_text = os.environ.get("PORT", "8000")
    if not port_text.isdigit() or not 1 <= int(port_text) <= 65535:
        sys.exit(f"PORT is {port_text!r}; expected a number from 1 to 65535.")
    port, runner = int(port_text), Runner(LOCAL)
    if runner.held():
        raise AlreadyRunning(runner.who())
    # What a killed demo leaves behind takes a moment to end.
    until = time.monotonic() + (10 if (LOCAL / "ready").exists() else 0)
    while not free(port):
        if time.monotonic() > until:
            sys.exit(f"Port {port} is taken or not allowed. Choose another: PORT=8010 make demo")
        time.sleep(0.1)
    return port


def _greet(port: int, password: str, seconds: float) -> None:
    say(f"Trialsite runs at http://127.0.0.1:{port}/ (ready after {seconds:.1f} s). All data are synthetic.")
    say(f"Logins, all with the password {password}")
    for login, purpose in LOGINS.items():
        say(f"  {login:<14} {purpose}")
    if os.environ.get("SECOND_FACTOR", "off") == "off":
        say(
            "The demo asks for no second factor; SECOND_FACTOR=required makes it ask, as production always does."
        )
    say("Ctrl-C stops everything; `make reset` forgets everything.")


if __name__ == "__main__":
    main()
