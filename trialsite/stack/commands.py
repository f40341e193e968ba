"""Management commands one after the other in one process, each as a role of its own on a database of its own: most of
what a command costs is to start. `python -m trialsite.stack.commands`, with the steps on standard input."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Step:
    """`url`: of the database, with the role and its password. `environment`: besides the one of the process."""

    url: str
    command: list[str]
    environment: dict[str, str]


def written(steps: list[Step]) -> str:
    return json.dumps([asdict(step) for step in steps])


def main() -> None:
    steps = [Step(**step) for step in json.load(sys.stdin)]
    os.environ["DATABASE_URL"] = steps[0].url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    for step in steps:
        os.environ |= step.environment
        parts = urlsplit(step.url)
        connection.close()
        connection.settings_dict |= {
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": parts.username,
            "PASSWORD": parts.password,
        }
        call_command(*step.command)


if __name__ == "__main__":
    main()
