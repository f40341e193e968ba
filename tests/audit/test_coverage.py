"""Every table is audited, or named with the reason why not. A new model without a trigger turns this red."""

import re
from pathlib import Path

import pytest
from django.db import connection

from trialsite.audit.readiness import AUDIT, BEFORE_TRUNCATE, UNAUDITED, audited_tables

pytestmark = pytest.mark.django_db


def _tables(condition: str = "true") -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace"
            f" and c.relkind in ('r', 'p', 'f') and {condition}"
        )
        return {row[0] for row in cursor.fetchall()}


def _with_trigger(name: str, kind: int, function: str) -> set[str]:
    return _tables(
        f"exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = '{name}' and t.tgenabled = 'A'"
        f" and t.tgtype = {kind} and t.tgfoid = to_regprocedure('{function}') and t.tgqual is null)"
    )


@pytest.mark.requirement("AUD-01")
def test_every_table_has_an_audit_trigger_or_a_reason_to_have_none() -> None:
    """Asked of the database itself, so a table that no model knows counts as well."""
    for event, kind in AUDIT.items():
        assert _tables() - _with_trigger(f"audit_{event}", kind, "audit.log()") == set(UNAUDITED)


def test_no_audited_table_can_be_truncated() -> None:
    assert _tables() - _with_trigger("z_no_truncate", BEFORE_TRUNCATE, "audit.refuse()") == set(UNAUDITED)


def test_readiness_asks_for_every_model_of_trial_data() -> None:
    """The set that the running product checks is the one above."""
    assert audited_tables() == _tables() - set(UNAUDITED)


def test_every_exemption_says_why() -> None:
    assert all(len(reason) > 15 for reason in UNAUDITED.values())


def test_every_audited_table_is_keyed_by_id() -> None:
    """The trail names rows by it."""
    keyed = _tables(
        "exists (select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]"
        " where i.indrelid = c.oid and i.indisprimary and i.indnatts = 1 and a.attname = 'id')"
    )
    assert audited_tables() <= keyed


def test_the_web_deletes_in_the_tables_that_the_documentation_names() -> None:
    """docs/trust.md says where, and why; nowhere else."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
    table = text.partition("| why rows go |")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == _tables("has_table_privilege('trialsite_app', c.oid, 'delete')")
    assert named <= UNAUDITED.keys()
