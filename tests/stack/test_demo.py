"""`make demo`, in a copy of the program without the demo's data: started, disturbed, stopped, started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ("trialsite", "enrollment", "assessments", "analysis", "templates", "manage.py")
MOMENTS = 600
KINDS = ("postgres", "valkey", "gunicorn", "celery")


class Copy:
    """A folder with the program, and the demo that runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in SOURCE:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        (folder / ".local").mkdir()
        (folder / ".local" / "demo-loaded").touch()
        self.port = _free_port()
        self.demo = self.start()

    def start(self, port: int | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "trialsite.stack"], cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**_outside(), "PORT": str(port or self.port)},
        )  # fmt: skip

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command], cwd=self.folder, capture_output=True, text=True,
            env=_outside(),
        )  # fmt: skip

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
        return [pid for pid, command in _living() if word in command and self._is_ours(pid, command)]

    def _is_ours(self, pid: int, command: str) -> bool:
        if pid == self.demo.pid:
            return False
        try:
            return str(self.folder) in command or Path(f"/proc/{pid}/cwd").readlink().is_relative_to(
                self.folder
            )
        except OSError:
            return False


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Started once for the tests of this file, which run in their order and leave it running."""
    made = Copy(tmp_path_factory.mktemp("demo"))
    made.wait_for("Trialsite runs at")
    yield made
    made.demo.kill()
    made.demo.wait()


def test_it_serves_with_all_its_processes(copy: Copy) -> None:
    """The address that was printed answers; both servers, the web, both workers and beat live."""
    assert copy.answers()
    assert [kind for kind in KINDS if not copy.processes(kind)] == []


def test_a_second_demo_in_the_folder_is_refused(copy: Copy) -> None:
    """One plain sentence, whatever the port, and the first goes on."""
    for port in (copy.port, _free_port()):
        second = copy.start(port)
        said = second.communicate()[0]
        assert second.returncode == 1
        assert said == (
            f"Not started: another process ({copy.demo.pid}) runs the servers of this folder."
            " Use that one, or stop it first.\n"
        )
    assert copy.answers()


def test_a_command_works_beside_the_demo(copy: Copy) -> None:
    """manage.py joins the running servers."""
    done = copy.manage("showmigrations", "audit")
    assert (done.returncode, "[ ]" in done.stdout, "[X]" in done.stdout) == (0, False, True), done.stderr


@pytest.mark.parametrize("name", ["worker", "web", "valkey", "postgres"])
def test_what_is_killed_is_started_again(copy: Copy, name: str) -> None:
    """kill -9 of one process: the demo says so, and starts it again."""
    words = {"worker": "default@demo", "web": "gunicorn"}.get(name, name)
    before = copy.processes(words)
    os.kill(min(before), signal.SIGKILL)
    assert copy.wait_for("starting it again").startswith(f"{name} ended")
    _until(lambda: bool(set(copy.processes(words)) - set(before)))
    if name in {"web", "postgres"}:
        _until(lambda: _quietly(copy.answers))


def test_a_killed_demo_leaves_nothing_and_starts_again(copy: Copy) -> None:
    """kill -9 of the process that started all; the next start is given the same port at once."""
    copy.demo.kill()
    copy.demo.wait()
    before = copy.processes()
    copy.demo = copy.start()
    copy.wait_for("Trialsite runs at")
    assert copy.answers()
    _until(lambda: not set(before) & set(copy.processes()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(copy: Copy, number: signal.Signals) -> None:
    """SIGTERM, and Ctrl-C's: an orderly end with code 0 and no process left."""
    if copy.demo.poll() is not None:
        copy.demo = copy.start()
        copy.wait_for("Trialsite runs at")
    copy.demo.send_signal(number)
    said = copy.demo.communicate()[0]
    assert (copy.demo.returncode, said.splitlines()[-1]) == (0, "Stopped.")
    assert copy.processes() == []


def test_a_command_starts_the_servers_for_itself(copy: Copy) -> None:
    """manage.py without a demo: servers of its own, gone with it."""
    done = copy.manage("showmigrations", "audit")
    assert (done.returncode, "[X]" in done.stdout) == (0, True), done.stderr
    assert copy.processes() == []


def test_a_taken_port_is_said_plainly(copy: Copy) -> None:
    """No traceback: what is wrong and what to type, and nothing was started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = copy.start(port)
        said = refused.communicate()[0]
    assert said == f"Port {port} is taken or not allowed. Choose another: PORT=8010 make demo\n"
    assert refused.returncode == 1
    assert copy.processes() == []


def _outside() -> dict[str, str]:
    """The environment without what the test run put there."""
    ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
    return {n: v for n, v in os.environ.items() if n not in ours and not n.startswith("TRIALSITE_")}


def _living() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue


def _until(happened: Callable[[], bool]) -> None:
    for _ in range(MOMENTS):
        if happened():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def _quietly(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
