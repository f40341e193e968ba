"""`python -m trialsite.stack`: the demo, everything in one command, until Ctrl-C or SIGTERM."""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from trialsite.stack.attach import LOCAL
from trialsite.stack.binaries import NotFound
from trialsite.stack.prepare import ROOT, prepare, run
from trialsite.stack.servers import Endpoints, Servers, free
from trialsite.stack.unprivileged import before_exec

LOGINS = (
    "coordinator", "investigator", "monitor", "datamanager", "pharmacist", "statistician",
    "safety", "auditor", "admin", "coordinator2", "investigator2",
)  # fmt: skip
WORKER = [
    "-m",
    "celery",
    "-A",
    "trialsite",
    "worker",
    "--without-gossip",
    "--without-mingle",
    "-l",
    "warning",
]


def commands(port: int) -> dict[str, tuple[str, list[str]]]:
    """Name → (database role, arguments of python)."""
    web = [
        "-m",
        "gunicorn",
        "trialsite.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "4",
    ]
    schedule = str(LOCAL / "beat-schedule")
    return {
        "web": ("app", [*web, "--worker-tmp-dir", str(LOCAL), "--log-level", "warning"]),
        "worker": ("app", [*WORKER, "-Q", "default", "-c", "2", "-n", "default@demo"]),
        "closed worker": ("closed", [*WORKER, "-Q", "closed", "-c", "1", "-n", "closed@demo"]),
        "beat": (
            "app",
            ["-m", "celery", "-A", "trialsite", "beat", "-l", "warning", "-s", schedule, "--pidfile="],
        ),
    }


class Demo:
    """The demo's processes. A server or worker that ends is started again, with a line that says so."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.servers = Servers(LOCAL)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def run(self) -> None:
        started = time.monotonic()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        with self.servers:
            endpoints = self.servers.endpoints
            password = _password()
            prepare(LOCAL, endpoints)
            if not (LOCAL / "demo-loaded").exists():
                run(endpoints, "closed", ["load_demo"], DEMO_PASSWORD=password)
                (LOCAL / "demo-loaded").touch()
            try:
                for name in commands(self.port):
                    self._spawn(name, endpoints)
                self._wait()
                if not self.stopping:
                    _greet(self.port, password, time.monotonic() - started)
                while not self.stopping:
                    self._supervise(endpoints)
                    time.sleep(0.3)
            finally:
                self._stop_all()

    def _spawn(self, name: str, endpoints: Endpoints) -> None:
        role, arguments = commands(self.port)[name]
        environment = {**os.environ, **endpoints.environment(role), "TRIALSITE_ENV": "demo"}
        for key in [
            k
            for k in environment
            if k == "SETUP_DATABASE_URL" or (k.startswith("TRIALSITE_") and "PASSWORD" in k)
        ]:
            del environment[key]
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

    def _wait(self) -> None:
        for _ in range(600):
            if self.stopping:
                return
            if self.processes["web"].poll() is not None:
                raise SystemExit(f"The web process did not start; see {LOCAL / 'log' / 'web.log'}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise SystemExit("The web process does not answer.")

    def _supervise(self, endpoints: Endpoints) -> None:
        for name, process in self.servers.processes.items():
            if process.poll() is not None:
                _say(f"{name} ended ({process.returncode}); starting it again")
                self.servers.start_valkey() if name == "valkey" else self.servers.start_postgres()
                time.sleep(0.5)
                return
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                _say(f"{name} ended ({process.returncode}); starting it again")
                self._spawn(name, endpoints)
                time.sleep(0.5)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _stop_all(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + 8
        for process in self.processes.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _password() -> str:
    file = LOCAL / "demo-password"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        with open(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(12) + "\n")
    return file.read_text().strip()


def _greet(port: int, password: str, seconds: float) -> None:
    _say(f"Trialsite runs at http://127.0.0.1:{port}/ (ready after {seconds:.1f} s). All data are synthetic.")
    _say(f"Logins, all with the password {password}")
    for login in LOGINS:
        _say(f"  {login}")
    _say("Ctrl-C stops everything; `make reset` forgets everything.")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    port = int(os.environ.get("PORT", "8000"))
    if Servers(LOCAL).running():
        raise SystemExit("The demo runs already in this folder.")
    if not free(port):
        raise SystemExit(f"Port {port} is taken. Choose another: PORT=8010 make demo")
    try:
        Demo(port).run()
    except NotFound as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
