"""The two servers, for one process and its children, or joined by others beside it."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from trialsite.stack import binaries, broker, endpoints, leftovers
from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.locks import Runner
from trialsite.stack.unprivileged import before_exec, owner

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST = {"fsync": "off", "full_page_writes": "off"}
# How each is asked to end. PostgreSQL's SIGTERM would wait until its clients have gone.
END = {"postgres": signal.SIGINT, "valkey": signal.SIGTERM}


class Servers:
    """PostgreSQL and Valkey with their state in `folder`. A lock on the folder is held while they run.

    `durable` off loses data in a crash: for tests. `prepare` is called between start and the moment others may
    join. `settings`: of PostgreSQL, besides ours.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        prepare: Callable[[Path, ServerEndpoints], None] | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.durable = durable
        self.settings = settings or {}
        self.prepare = prepare
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.runner = Runner(folder)
        self._endpoints: ServerEndpoints | None = None

    @property
    def endpoints(self) -> ServerEndpoints:
        """Of servers that were started. Raises RuntimeError before."""
        if self._endpoints is None:
            raise RuntimeError("the servers were not started")
        return self._endpoints

    def running(self, seconds: float = 60) -> ServerEndpoints | None:
        """The servers that another process runs on this folder, once it has prepared them and they answer; None
        when nobody does, or not within `seconds`."""
        until = time.monotonic() + seconds
        while self.runner.held():
            running = endpoints.load(self.folder) if (self.folder / "ready").exists() else None
            if running and running.answer():
                return running
            if time.monotonic() > until:
                return None
            time.sleep(0.05)
        return None

    def start(self) -> ServerEndpoints:
        """Start both servers. Raises AlreadyRunning, NotFound without programs, RuntimeError when one does not
        come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.runner.take()
        try:
            (self.folder / "ready").unlink(missing_ok=True)
            (self.folder / "log").mkdir(exist_ok=True)
            if kept := endpoints.load(self.folder):
                leftovers.end(self.folder, kept.valkey_port)
            self._endpoints = endpoints.choose(self.folder)
            self.start_valkey()
            self._init_postgres()
            self.start_postgres()
            self._wait_postgres()
            self._wait_valkey()
            if self.prepare:
                self.prepare(self.folder, self._endpoints)
        except BaseException:
            self.stop()
            raise
        (self.folder / "ready").touch()
        return self._endpoints

    def stop(self) -> None:
        """Stop both: PostgreSQL by a fast shutdown, which loses nothing that was committed. Whoever only joined
        those of another process leaves them as they are."""
        if self._endpoints is not None:
            (self.folder / "ready").unlink(missing_ok=True)
        for name, process in self.processes.items():
            if process.poll() is None:
                process.send_signal(END[name])
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()
        self.runner.release()

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start_postgres(self) -> None:
        """Start PostgreSQL alone: at first, and when it has ended."""
        settings = {
            "unix_socket_directories": "",
            "shared_buffers": "128MB",
            "max_connections": "120",
            **(DURABLE if self.durable else FAST),
            **self.settings,
        }
        listen = ["-h", "127.0.0.1", "-p", str(self.endpoints.postgres_port)]
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._spawn(
            "postgres", [binaries.postgres() / "postgres", "-D", self.folder / "postgres", *listen, *options]
        )

    def start_valkey(self) -> None:
        """Start Valkey alone: at first, and when it has ended."""
        data = _make(self.folder / "valkey")
        # The password is in a file only the server can read: arguments are seen by everyone.
        conf = data / "valkey.conf"
        conf.touch(mode=0o600)
        users = "".join(f"{broker.user(name, f'#{self._sha256(name)}')}\n" for name in broker.QUEUES)
        conf.write_text(
            f"bind 127.0.0.1\nport {self.endpoints.valkey_port}\nrequirepass {self.endpoints.secret('redis')}\n"
            f'dir "{data}"\npidfile "{data / "pid"}"\nsave ""\nappendonly no\n{users}'
        )
        _give(conf, 0o600)
        self._spawn("valkey", [binaries.valkey(), conf])

    def _sha256(self, name: str) -> str:
        return hashlib.sha256(self.endpoints.secret(name).encode()).hexdigest()

    def log(self, name: str) -> str:
        """The last lines that a server wrote."""
        file = self.folder / "log" / f"{name}.log"
        return "\n".join(file.read_text(errors="replace").splitlines()[-8:]) if file.exists() else ""

    def _spawn(self, name: str, command: Sequence[str | Path]) -> None:
        with open(self.folder / "log" / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own programs
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=before_exec(drop=True, death=END[name]),
            )

    def _init_postgres(self) -> None:
        """Make the cluster beside its place, so that one whose making was interrupted is never taken for one."""
        data, partial = self.folder / "postgres", self.folder / "postgres.new"
        if data.exists():
            return
        shutil.rmtree(partial, ignore_errors=True)
        _make(partial)
        password = self.folder / "initial-password"
        password.touch(mode=0o600)
        password.write_text(self.endpoints.password)
        _give(password, 0o600)
        command = [binaries.postgres() / "initdb", "-D", partial, "-U", "postgres", "--auth=scram-sha-256"]
        command += [f"--pwfile={password}", "--encoding=UTF8", "--locale=C"]
        command += [] if self.durable else ["--no-sync"]
        try:
            done = subprocess.run(  # noqa: S603
                [str(part) for part in command],
                capture_output=True,
                text=True,
                preexec_fn=before_exec(drop=True, named=True),
            )
        finally:
            password.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stderr or done.stdout}")
        partial.rename(data)

    def _wait_postgres(self) -> None:
        import psycopg2

        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.processes["postgres"].poll() is not None:
                break
            try:
                connection = psycopg2.connect(
                    self.endpoints.database("postgres", "postgres"), connect_timeout=2
                )
            except psycopg2.OperationalError:
                time.sleep(0.05)
                continue
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = 'trialsite'")
                if cursor.fetchone() is None:
                    cursor.execute("create database trialsite template template0 encoding 'UTF8'")
            connection.close()
            return
        raise RuntimeError(f"PostgreSQL did not start. It wrote:\n{self.log('postgres')}")

    def _wait_valkey(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and self.processes["valkey"].poll() is None:
            if endpoints.listening(self.endpoints.valkey_port):
                return
            time.sleep(0.025)
        raise RuntimeError(f"Valkey did not start. It wrote:\n{self.log('valkey')}")


def _make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    _give(folder, 0o700)
    return folder


def _give(path: Path, mode: int) -> None:
    path.chmod(mode)
    if (uid := owner()) is not None:
        os.chown(path, uid, uid)
