"""`manage.py print_policy [--check]`: the policy table as a page of the documentation and as functions of the
database."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trialsite.accounts.policy import COLUMNS, POLICY, TWO_ROLES, WHOLE_STUDY

HEAD = """\
# Who may do what

Written by `manage.py print_policy` from the policy table in `trialsite/accounts/policy.py`, which pages,
templates, services and the database's own functions ask alike. What is not marked is refused: a person of another
site or study gets "not found", a person of the place with another role gets "not allowed".

A role is granted for a study, at one site or at all its sites, from a start to an end, by a named person.
Actions marked *whole study* ask for the role at all sites. Nobody both administers a study and works with its
data; the database refuses the pair.

"""
SQL = """\
-- Whether a role allows an action, held at all sites (`everywhere`) or at one. Written by `manage.py print_policy`
-- from the policy table in trialsite/accounts/policy.py: change it there.
create or replace function policy_allows(action text, role text, everywhere boolean) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(role = any (case action
{rows}
    end), false) and (everywhere or action <> all (array[{whole}]))
$$;
grant execute on function policy_allows(text, text, boolean) to trialsite_app, trialsite_report;
"""
TWO = """\
-- Whether a reset of this person's password or second factor takes two people: whoever holds, held or will hold a role
-- that may sign, unblind, decide, take unblinded data away, or administer. Written by `manage.py print_policy` from
-- TAKES_TWO in trialsite/accounts/policy.py: change it there.
create or replace function takes_two(person bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.accounts_membership m where m.user_id = person and m.role = any (array[{roles}]))
$$;
grant execute on function takes_two(bigint) to trialsite_app;
"""


class Command(BaseCommand):
    help = (
        "Write docs/policy.md and the database's functions policy_allows and takes_two from the policy table;"
        " --check only says whether they are up to date."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when one is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, text in (
            ("docs/policy.md", page()),
            ("trialsite/accounts/sql/functions/policy_allows.sql", function()),
            ("trialsite/accounts/sql/functions/takes_two.sql", two()),
        ):
            path = Path(settings.BASE_DIR) / name
            if not options["check"]:
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"{name} is written.")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                raise CommandError(f"{name} is stale. Run: manage.py print_policy")


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


def function() -> str:
    """The table in SQL. An action that it does not have is nobody's."""
    rows = (
        f"    when '{action}' then array[{_quoted(role.value for role in COLUMNS.values() if role in allowed)}]"
        for action, allowed in POLICY.items()
    )
    return SQL.format(rows="\n".join(rows), whole=_quoted(sorted(WHOLE_STUDY)))


def two() -> str:
    """The roles of TAKES_TWO in SQL."""
    return TWO.format(roles=_quoted(sorted(role.value for role in TWO_ROLES)))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
