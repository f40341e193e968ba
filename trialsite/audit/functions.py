"""The living text of every SQL function: `<app>/sql/functions/<name>.sql`, one function a file.

Migrations hold tables and triggers, and of functions only what those need at that moment, frozen. What a function
says now stands in its file: `migrate` runs the files of all apps when nothing is left to migrate, `setup_database`
those of the trail, as trialsite_audit. So a database that was upgraded has the same functions as a new one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps

from trialsite.lib.database import DatabaseCursor

TRAIL = Path(__file__).resolve().parent / "sql" / "functions"
_FUNCTION = re.compile(r"create or replace function ([\w.]+)\s*\(.*?\$\$(.*?)\$\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Function:
    """As its file has it: name with schema, body between the dollar signs, whether it runs as its owner."""

    name: str
    body: str
    definer: bool


def read(folder: Path) -> Iterator[Function]:
    """The functions of one folder. A file that generates its functions in a `do` block has none to read."""
    for file in sorted(folder.glob("*.sql")):
        if (match := _FUNCTION.match(re.sub(r"\A(--.*\n)+", "", file.read_text()))) is not None:
            header = match.group(0).partition("$$")[0]
            yield Function(match.group(1), match.group(2), "security definer" in header)


def folders() -> list[Path]:
    """Of every app but the trail's own, in the order of INSTALLED_APPS."""
    candidates = (Path(app.path) / "sql" / "functions" for app in apps.get_app_configs())
    return [folder for folder in candidates if folder.is_dir() and folder != TRAIL]


def replace_all(cursor: DatabaseCursor, *folders: Path) -> None:
    """Run the files. They may call each other in any order: bodies are not checked while all are replaced."""
    cursor.execute("set local check_function_bodies = off")
    for folder in folders:
        for file in sorted(folder.glob("*.sql")):
            cursor.execute(file.read_text())
    cursor.execute("set local check_function_bodies = on")
