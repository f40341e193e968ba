"""The demo's processes, watched: one that ends is started again, and all end together."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.prepare import LOCAL, ROOT
from trialsite.stack.servers import Servers
from trialsite.stack.unprivileged import before_exec

CELERY = ["-m", "celery", "-A", "trialsite"]
WORKER = [*CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "warning"]
PATIENCE = 8


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: everything unwinds. No Exception, so that nothing on the way takes it for a mistake."""


def commands(port: int) -> dict[str, tuple[str, list[str]]]:
    """Name → (database role, arguments of python)."""
    # The program is loaded once, before the fork: half the processor time until the first answer.
    web = ["-m", "gunicorn", "trialsite.wsgi", "--bind", f"127.0.0.1:{port}", "--preload", "--workers", "2"]
    beat = [*CELERY, "beat", "-l", "warning", "-s", str(LOCAL / "beat-schedule"), "--pidfile="]
    return {
        "web": ("app", [*web, "--threads", "4", "--worker-tmp-dir", str(LOCAL), "--log-level", "warning"]),
        "worker": ("app", [*WORKER, "-Q", "default", "-c", "2", "-n", "default@demo"]),
        "closed worker": ("closed", [*WORKER, "-Q", "closed", "-c", "2", "-n", "closed@demo"]),
        "beat": ("app", beat),
    }


class Demo:
    """The two servers, the web and the workers, between `with` and its end. `prepare` as for Servers."""

    def __init__(self, port: int, prepare: Callable[[Path, ServerEndpoints], None]) -> None:
        self.port = port
        self.servers = Servers(LOCAL, prepare=prepare)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts: dict[str, tuple[int, float]] = {}
        self.stopping = False

    def __enter__(self) -> "Demo":
        """Everything started, and the web answering. Raises Stopped, and what Servers.start raises."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        try:
            self.servers.start()
            # Where collected files would lie; whitenoise complains of a folder that is not there.
            (LOCAL / "static").mkdir(exist_ok=True)
            # The web first, alone on the processor; what it saves meanwhile stands in the outbox.
            self._spawn("web")
            self._wait_web()
            for name in ("worker", "closed worker", "beat"):
                self._spawn(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping = True
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + PATIENCE
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))
            _kill_group(process)
        self.servers.stop()

    def supervise(self) -> None:
        """Until Stopped."""
        while True:
            for name, process in [*self.servers.processes.items(), *self.processes.items()]:
                if process.poll() is not None and self._may_restart(name):
                    say(f"{name} ended ({process.returncode}); starting it again")
                    self._restart(name, process)
            time.sleep(0.2)

    def _may_restart(self, name: str) -> bool:
        """At once when it ran well before; else after 1, 2, 4 … 30 seconds."""
        count, last = self.restarts.get(name, (0, -1e9))
        now = time.monotonic()
        if now - last > 60:
            count = 0
        if count and now - last < min(30, 2 ** (count - 1)):
            return False
        self.restarts[name] = (count + 1, now)
        return True

    def _restart(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if name == "postgres":
            self.servers.start_postgres()
        elif name == "valkey":
            self.servers.start_valkey()
        else:
            # Its own children may have outlived it.
            _kill_group(process)
            self._spawn(name)

    def _spawn(self, name: str) -> None:
        role, arguments = commands(self.port)[name]
        environment = {**os.environ, **self.servers.endpoints.environment(role), "TRIALSITE_ENV": "demo"}
        with open(LOCAL / "log" / f"{name.replace(' ', '-')}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own programs
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=before_exec(drop=False),
            )

    def _wait_web(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if self.processes["web"].poll() is not None:
                raise RuntimeError(f"The web process did not start. It wrote:\n{self.servers.log('web')}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"The web process does not answer. It wrote:\n{self.servers.log('web')}")

    def _stop(self, *_: object) -> None:
        # Once: whoever presses Ctrl-C again must not interrupt the tidying up.
        if not self.stopping:
            self.stopping = True
            raise Stopped


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """What is left of a process and its children, each of which has a group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def say(line: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
