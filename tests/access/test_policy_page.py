"""docs/policy.md and the database's functions say what the policy table says."""

import pytest
from django.core.management import CommandError, call_command

from trialsite.accounts import policy
from trialsite.accounts.management.commands.print_policy import page
from trialsite.accounts.models import Role


def test_the_page_is_up_to_date() -> None:
    """`manage.py print_policy` writes it anew after a change of the table."""
    call_command("print_policy", check=True)


def test_a_changed_table_makes_the_page_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(policy.POLICY, "record.sign", frozenset({Role.MONITOR}))
    with pytest.raises(CommandError, match="stale"):
        call_command("print_policy", check=True)


def test_every_action_has_a_row_and_every_role_a_column() -> None:
    text = page()
    assert all(f"`{action}`" in text for action in policy.POLICY)
    assert all(str(role.label) in text for role in Role)
