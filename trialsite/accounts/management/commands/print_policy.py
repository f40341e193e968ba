"""`manage.py print_policy [--check]`: the policy table as a page of the documentation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trialsite.accounts.policy import COLUMNS, POLICY, WHOLE_STUDY

HEAD = """\
# Who may do what

Written by `manage.py print_policy` from the policy table in `trialsite/accounts/policy.py`, which pages,
templates and services ask alike. What is not marked is refused: a person of another site or study gets
"not found", a person of the place with another role gets "not allowed".

A role is granted for a study, at one site or at all its sites, from a start to an end, by a named person.
Actions marked *whole study* ask for the role at all sites. Nobody both administers a study and works with its
data; the database refuses the pair.

"""


class Command(BaseCommand):
    help = "Write docs/policy.md from the policy table; --check only says whether it is up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "policy.md"
        text = page()
        if not options["check"]:
            path.write_text(text, encoding="utf-8")
            self.stdout.write("docs/policy.md is written.")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError("docs/policy.md is stale. Run: manage.py print_policy")


def page() -> str:
    """The table in Markdown, a row for each action and a column for each role."""
    roles = list(COLUMNS.values())
    lines = [
        "| Action | " + " | ".join(str(role.label) for role in roles) + " |",
        "|---" + "|:-:" * len(roles) + "|",
    ]
    for action, allowed in POLICY.items():
        name = f"`{action}`" + (" *whole study*" if action in WHOLE_STUDY else "")
        lines.append(f"| {name} | " + " | ".join("yes" if role in allowed else "" for role in roles) + " |")
    return HEAD + "\n".join(lines) + "\n"
