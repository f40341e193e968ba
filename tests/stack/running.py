"""A demo of its own in a temporary copy of the program, for tests that disturb it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ("trialsite", "enrollment", "assessments", "analysis", "templates", "manage.py")
MOMENTS = 600


class Copy:
    """A folder with the program, and the demo that runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in SOURCE:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        (folder / ".local").mkdir()
        (folder / ".local" / "demo-loaded").touch()
        self.port = free_port()
        self.demo = self.start()

    def start(self, port: int | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "trialsite.stack"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**outside(), "PORT": str(port or self.port)},
        )

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=outside(),
        )

    def wait_for(self, words: str) -> str:
        """The demo's next line with `words` in it."""
        assert self.demo.stdout
        seen = []
        for line in self.demo.stdout:
            seen.append(line)
            if words in line:
                return line
        raise AssertionError("".join(seen))

    def answers(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as response:
            return bool(response.status == 200)

    def processes(self, word: str = "") -> list[int]:
        """Numbers of the demo's living children of all degrees with `word` in their command line: they name the
        folder, or have it as their own."""
        return [pid for pid, command in living() if word in command and self._is_ours(pid, command)]

    def _is_ours(self, pid: int, command: str) -> bool:
        if pid == self.demo.pid:
            return False
        try:
            return str(self.folder) in command or Path(f"/proc/{pid}/cwd").readlink().is_relative_to(
                self.folder
            )
        except OSError:
            return False


def outside() -> dict[str, str]:
    """The environment without what the test run put there."""
    ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
    return {n: v for n, v in os.environ.items() if n not in ours and not n.startswith("TRIALSITE_")}


def living() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue


def until(happened: Callable[[], bool], what: str = "it") -> None:
    """Look again and again. Raises AssertionError when it does not happen within a minute."""
    for _ in range(MOMENTS):
        if happened():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen")


def quietly(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
