"""Bring the database of a running pair of servers to the state of the code, and only when it is not there."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from trialsite.stack.servers import Endpoints

ROOT = Path(__file__).resolve().parents[2]


def prepare(folder: Path, endpoints: Endpoints) -> bool:
    """Roles, tables and protocols. Skipped (False) when nothing that they come from has changed."""
    mark, now = folder / "prepared", _fingerprint()
    if mark.exists() and mark.read_text() == now:
        return False
    for role, *command in (
        ("owner", "setup_database"),
        ("owner", "migrate", "--verbosity", "0"),
        ("app", "load_protocol", *sorted(map(str, (ROOT / "enrollment" / "protocols").glob("*.toml")))),
    ):
        run(endpoints, role, command)
    mark.write_text(now)
    return True


def run(endpoints: Endpoints, role: str, command: list[str], **more: str) -> None:
    """Run a management command as `role`. Raises CalledProcessError."""
    environment = {**os.environ, **endpoints.environment(role), "TRIALSITE_ENV": "demo", **more}
    subprocess.run([sys.executable, str(ROOT / "manage.py"), *command], env=environment, check=True, cwd=ROOT)  # noqa: S603


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in ("**/migrations/*.py", "**/sql/*.sql", "enrollment/protocols/*.toml"):
        for folder in ("trialsite", "enrollment", "assessments", "analysis"):
            for file in sorted(ROOT.glob(pattern if pattern.startswith("enr") else f"{folder}/{pattern}")):
                digest.update(file.read_bytes())
    return digest.hexdigest()
