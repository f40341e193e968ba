"""Bring the database of a running pair of servers to the state of the code, and only when it is not there."""

import hashlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

from trialsite.stack.endpoints import ServerEndpoints

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
# load_protocol's answer when a version is there with another content.
VERSION_TAKEN = 3
APPS = ("trialsite/*", "enrollment", "assessments", "analysis")


class Failed(Exception):
    """A management command ended with a mistake; it said what it was."""


def prepare(folder: Path, endpoints: ServerEndpoints) -> None:
    """Roles, tables and protocols, and what an upgrade files of earlier data. Skipped when nothing that they come from has
    changed. Raises Failed."""
    mark, now = folder / "prepared", _fingerprint(endpoints)
    if mark.exists() and mark.read_text() == now:
        return
    for role, *command in (
        ("owner", "setup_database"),
        ("owner", "migrate", "--verbosity", "0"),
        ("app", "load_protocol", *map(str, _protocols())),
        ("app", "file_deviations"),
    ):
        run(endpoints, role, command)
    mark.write_text(now)


def prepare_demo(folder: Path, endpoints: ServerEndpoints) -> None:
    """As `prepare`, and the synthetic trial in it. Raises Failed."""
    prepare(folder, endpoints)
    if not (folder / "demo-loaded").exists():
        run(endpoints, "closed", ["load_demo"], DEMO_PASSWORD=demo_password())
        (folder / "demo-loaded").touch()


def demo_password() -> str:
    """Of all logins of the demo; made when it is asked for the first time."""
    file = LOCAL / "demo-password"
    if not file.exists():
        partial = LOCAL / "demo-password.new"
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(12) + "\n")
        partial.rename(file)
    return file.read_text().strip()


def run(endpoints: ServerEndpoints, role: str, command: list[str], **more: str) -> None:
    """Run a management command as `role`. Raises Failed."""
    environment = {**os.environ, "TRIALSITE_ENV": "demo", **endpoints.environment(role), **more}
    done = subprocess.run([sys.executable, str(ROOT / "manage.py"), *command], env=environment, cwd=ROOT)  # noqa: S603
    if done.returncode == VERSION_TAKEN and (LOCAL / "prepared").exists():
        raise Failed(
            "What .local/ holds is of an older version of Trialsite: `make reset`, then start again. A protocol of"
            " your own that you changed needs a new version instead."
        )
    if done.returncode:
        raise Failed(f"manage.py {command[0]} failed ({done.returncode}). What it wrote stands above.")


def _protocols() -> list[Path]:
    return sorted((ROOT / "enrollment" / "protocols").glob("*.toml"))


def _fingerprint(endpoints: ServerEndpoints) -> str:
    """Of everything that the commands above read: all SQL and migrations, the protocols, the roles and their
    passwords."""
    digest = hashlib.sha256(repr(sorted(endpoints.passwords.items())).encode())
    kinds = ("migrations/*.py", "migrations/sql/*.sql", "sql/*.sql", "sql/functions/*.sql")
    files = [file for app in APPS for kind in kinds for file in ROOT.glob(f"{app}/{kind}")]
    for file in [ROOT / "trialsite" / "lib" / "roles.py", *sorted(files), *_protocols()]:
        digest.update(file.relative_to(ROOT).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
