"""Where the services are: found, so that no new room is forgotten by the tests that walk them all."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("trialsite/accounts", "trialsite/audit", "trialsite/review", "enrollment", "assessments", "analysis")


def service_files() -> Iterator[tuple[str, Path]]:
    """Of every room: its app, as in APPS, and the file of a services module."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if path.name == "services.py" or path.parent.name == "services":
                yield app, path
