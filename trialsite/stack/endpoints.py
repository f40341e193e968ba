"""Where the two servers listen, and the secrets to use them."""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from trialsite.lib.roles import LOGINS
from trialsite.stack.broker import QUEUES

FILE = "endpoints.json"


@dataclass(frozen=True, slots=True)
class ServerEndpoints:
    """Ports on 127.0.0.1 and secrets. `password` is the superuser's; `passwords` are by login role and for
    "redis", each its own: the web's process must not be able to log in as trialsite_closed."""

    postgres_port: int
    valkey_port: int
    password: str
    secret_key: str
    passwords: dict[str, str] = field(default_factory=dict)

    def secret(self, role: str) -> str:
        """The password of a login role without its prefix, of `redis`, or of `postgres`, the superuser."""
        return self.password if role == "postgres" else self.passwords[role]

    def database(self, role: str, name: str = "trialsite") -> str:
        """URL of database `name` for a role without its prefix, or for `postgres`, the superuser."""
        user = role if role == "postgres" else f"trialsite_{role}"
        return f"postgresql://{user}:{self.secret(role)}@127.0.0.1:{self.postgres_port}/{name}"

    @property
    def redis(self) -> str:
        """URL for the operator, who may do everything there."""
        return f"redis://:{self.secret('redis')}@127.0.0.1:{self.valkey_port}/0"

    def broker(self, role: str) -> str:
        """URL for the processes of a database role. It shares their password: they are the same processes."""
        user = role if role in QUEUES else "app"
        return f"redis://{user}:{self.secret(user)}@127.0.0.1:{self.valkey_port}/0"

    def environment(self, role: str) -> dict[str, str]:
        """The variables of a process that connects as `role`; docs/operations.md has them all. Only the owner's
        has what `setup_database` needs."""
        own = {
            "DATABASE_URL": self.database(role),
            "REDIS_URL": self.broker(role),
            "SECRET_KEY": self.secret_key,
        }
        if role != "owner":
            return own
        passwords = {f"TRIALSITE_{name.upper()}_PASSWORD": self.secret(name) for name in LOGINS}
        return {**own, "SETUP_DATABASE_URL": self.database("postgres"), **passwords}

    def answer(self) -> bool:
        """Whether both serve. PostgreSQL listens before that: after a crash it first recovers."""
        import psycopg2

        try:
            psycopg2.connect(self.database("postgres", "postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return listening(self.valkey_port)


def load(folder: Path) -> ServerEndpoints | None:
    """What was kept in `folder`, if anything."""
    file = folder / FILE
    return ServerEndpoints(**json.loads(file.read_text())) if file.exists() else None


def choose(folder: Path) -> ServerEndpoints:
    """The kept ones while their ports are free, else new ports and the kept secrets, else all new. Kept again."""
    kept = load(folder)
    own = {name: secrets.token_urlsafe(24) for name in (*LOGINS, "redis")}
    if kept and own.keys() <= kept.passwords.keys() and free(kept.postgres_port) and free(kept.valkey_port):
        return kept
    ports = _free_ports()
    if kept:
        # A role that a later version brought gets a password of its own.
        fresh = ServerEndpoints(*ports, kept.password, kept.secret_key, {**own, **kept.passwords})
    else:
        fresh = ServerEndpoints(*ports, secrets.token_urlsafe(24), secrets.token_urlsafe(50), own)
    # Renamed into place: a reader never sees half a file.
    partial = folder / f"{FILE}.new"
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(asdict(fresh), handle)
    partial.rename(folder / FILE)
    return fresh


def free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])
