"""A backup is restored into an empty cluster, verifies there, and holds what was backed up."""

import os
import uuid
from collections.abc import Iterator

import pytest

from tests.audit.conftest import connect, execute
from trialsite.stack import drill, testing


@pytest.fixture
def source() -> Iterator[str]:
    """The name of a copy of the demo."""
    name = f"drill_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    yield name
    testing.drop(name)


def _drill(name: str) -> list[str]:
    output: list[str] = []
    whole = drill.Source(testing.url("setup", name), testing.environment("verify", name))
    drill.drill(whole, say=output.append, durable=False)
    return output


@pytest.mark.requirement("AUD-13")
def test_a_backup_restores_and_verifies(source: str) -> None:
    """Every chain, row, guard and signature, against a checkpoint from before; and every table's rows."""
    output = "\n".join(_drill(source))
    assert "every one follows from the one before it" in output
    assert "All that the checkpoint of" in output
    assert "Signatures in force" in output
    assert "the same in number and content" in output


def test_a_backup_of_a_spoilt_database_does_not_pass(source: str) -> None:
    """What was wrong before the backup is wrong after it, and said."""
    execute("owner", source, "alter table assessments_assessment disable trigger x_kept_update")
    with pytest.raises(drill.Lost, match="x_kept_update"):
        _drill(source)


CHANGES = {
    "update audit_outbox set attempts = attempts + 1": "audit_outbox: 1 rows, but not the same",
    "delete from audit_outbox": "audit_outbox: 1 before, 0 after",
    "select nextval('audit_outbox_id_seq')": "public.audit_outbox_id_seq: 1 before, 2 after",
    "create table public.more (id bigint)": "more: not in the backup",
    "drop table assessments_draft": "assessments_draft: not restored",
}


@pytest.mark.parametrize(("statement", "sentence"), CHANGES.items())
def test_what_was_lost_or_changed_is_named(statement: str, sentence: str, source: str) -> None:
    with connect("setup", source) as session, session.cursor() as cursor:
        cursor.execute("truncate audit_outbox restart identity")
        cursor.execute("insert into audit_outbox (kind, subject) values ('recompute', 1)")
        before = drill.content(cursor)
        assert list(drill.differences(before, drill.content(cursor))) == []
        cursor.execute(statement)
        assert sentence in list(drill.differences(before, drill.content(cursor)))


def test_no_password_is_an_argument(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody on the machine sees those."""
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert os.environ["PGPASSWORD"] == "wrong"
    drill.program("psql", testing.url("setup", source), "-c", "select 1")
