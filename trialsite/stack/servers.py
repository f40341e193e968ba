"""The two servers, for one process and its children, or joined by others beside it."""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from trialsite.stack import binaries
from trialsite.stack.unprivileged import before_exec, owner

ROLES = ("owner", "app", "closed", "report")
DURABLE = ("-c", "fsync=on", "-c", "synchronous_commit=on")
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers listen (127.0.0.1) and the secrets to use them."""

    postgres_port: int
    valkey_port: int
    password: str
    secret_key: str

    def database(self, role: str, name: str = "trialsite") -> str:
        """URL of database `name` for a role without its prefix, or for `postgres`, the superuser."""
        user = role if role == "postgres" else f"trialsite_{role}"
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.postgres_port}/{name}"

    @property
    def redis(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.valkey_port}/0"

    def environment(self, role: str) -> dict[str, str]:
        """The variables of a process that connects as `role`; docs/operations.md has them all."""
        return {
            "DATABASE_URL": self.database(role),
            "REDIS_URL": self.redis,
            "SECRET_KEY": self.secret_key,
            "SETUP_DATABASE_URL": self.database("postgres"),
            **{f"TRIALSITE_{name.upper()}_PASSWORD": self.password for name in ROLES},
        }


class Servers:
    """PostgreSQL and Valkey with their state in `folder`. A lock on the folder is held while they run."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.durable = durable
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock: IO[str] | None = None
        self._endpoints: Endpoints | None = None

    @property
    def endpoints(self) -> Endpoints:
        """Of servers that were started. Raises RuntimeError before."""
        if self._endpoints is None:
            raise RuntimeError("the servers were not started")
        return self._endpoints

    def running(self) -> Endpoints | None:
        """The servers that another process runs on this folder, once they are ready; None when nobody does."""
        if not (self.folder / "lock").exists():
            return None
        with open(self.folder / "lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._wait_for_other()
        return None

    def start(self) -> Endpoints:
        """Start both servers. Raises RuntimeError when somebody else runs them, or one does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.folder / "lock", "a")  # noqa: SIM115 - held until stop()
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError("another process runs the servers of this folder") from None
        (self.folder / "ready").unlink(missing_ok=True)
        self._endpoints = self._choose_endpoints()
        (self.folder / "log").mkdir(exist_ok=True)
        try:
            self._init_postgres()
            self.start_postgres()
            self.start_valkey()
            self._wait_postgres()
            _wait_port(self.endpoints.valkey_port, self.processes["valkey"])
        except BaseException:
            self.stop()
            raise
        (self.folder / "ready").touch()
        return self.endpoints

    def stop(self) -> None:
        """Stop both: PostgreSQL by a fast shutdown, which loses nothing that was committed."""
        (self.folder / "ready").unlink(missing_ok=True)
        for name, number in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
            process = self.processes.pop(name, None)
            if process and process.poll() is None:
                process.send_signal(number)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if self._lock:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start_postgres(self) -> None:
        options = [
            "-h",
            "127.0.0.1",
            "-p",
            str(self.endpoints.postgres_port),
            "-c",
            "unix_socket_directories=",
        ]
        tuning = [
            "-c",
            "shared_buffers=128MB",
            "-c",
            "max_connections=120",
            *(DURABLE if self.durable else FAST),
        ]
        self._spawn(
            "postgres", [binaries.postgres() / "postgres", "-D", self.folder / "postgres", *options, *tuning]
        )

    def start_valkey(self) -> None:
        data = _make(self.folder / "valkey")
        # The password is in a file only the server can read: arguments are seen by everyone.
        conf = data / "valkey.conf"
        conf.write_text(
            f"bind 127.0.0.1\nport {self.endpoints.valkey_port}\nrequirepass {self.endpoints.password}\n"
            f'dir "{data}"\nsave ""\nappendonly no\n'
        )
        _give(conf, 0o600)
        self._spawn("valkey", [binaries.valkey(), conf])

    def _spawn(self, name: str, command: Sequence[str | Path]) -> None:
        with open(self.folder / "log" / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own programs
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=before_exec(drop=True),
            )

    def _init_postgres(self) -> None:
        data = self.folder / "postgres"
        if (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists():
            return
        _make(data)
        password = self.folder / "initial-password"
        password.write_text(self.endpoints.password)
        _give(password, 0o600)
        command = [binaries.postgres() / "initdb", "-D", data, "-U", "postgres", "--auth=scram-sha-256"]
        command += [
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C",
            *([] if self.durable else ["--no-sync"]),
        ]
        try:
            made = subprocess.run(  # noqa: S603
                [str(part) for part in command],
                capture_output=True,
                text=True,
                preexec_fn=before_exec(drop=True),
            )
        finally:
            password.unlink()
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stderr or made.stdout}")

    def _wait_postgres(self) -> None:
        import psycopg2

        process = self.processes["postgres"]
        for _ in range(600):
            if process.poll() is not None:
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
        raise RuntimeError(f"PostgreSQL did not start; see {self.folder / 'log' / 'postgres.log'}")

    def _choose_endpoints(self) -> Endpoints:
        file = self.folder / "endpoints.json"
        if file.exists():
            kept = Endpoints(**json.loads(file.read_text()))
            if free(kept.postgres_port) and free(kept.valkey_port):
                return kept
            fresh = Endpoints(_port(), _port(), kept.password, kept.secret_key)
        else:
            fresh = Endpoints(_port(), _port(), secrets.token_urlsafe(24), secrets.token_urlsafe(50))
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w") as handle:
            json.dump(asdict(fresh), handle)
        return fresh

    def _wait_for_other(self) -> Endpoints | None:
        for _ in range(600):
            if (self.folder / "ready").exists():
                return Endpoints(**json.loads((self.folder / "endpoints.json").read_text()))
            time.sleep(0.05)
        return None


def _make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    _give(folder, 0o700)
    return folder


def _give(path: Path, mode: int) -> None:
    path.chmod(mode)
    if (uid := owner()) is not None:
        os.chown(path, uid, uid)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _wait_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.025)
    raise RuntimeError("Valkey did not start; see its log")
