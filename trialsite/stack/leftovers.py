"""Servers whose runner was killed, where the kernel did not end them (not Linux) or they take their time."""

import os
import signal
import subprocess
import time
from pathlib import Path

SECONDS = 20


def end(folder: Path, valkey_port: int) -> None:
    """End what still serves `folder`. Only for the holder of its lock: no living runner can own these."""
    pid_file = folder / "postgres" / "postmaster.pid"
    if pid := _pid(pid_file):
        if str(folder / "postgres") in _command(pid):
            _end(pid, signal.SIGINT)
        elif _command(pid):
            # The number is somebody else's by now, and PostgreSQL would take them for itself.
            pid_file.unlink(missing_ok=True)
    if (pid := _pid(folder / "valkey" / "pid")) and f":{valkey_port}" in _command(pid):
        _end(pid, signal.SIGTERM)


def _end(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)
    until = time.monotonic() + SECONDS
    while _command(pid) and time.monotonic() < until:
        time.sleep(0.05)


def _pid(file: Path) -> int | None:
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _command(pid: int) -> str:
    """The command line of a living process; empty when there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    process = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S603, S607
    return process.stdout.strip()
