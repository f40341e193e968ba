"""Signed checkpoints: what a chain cannot show of itself, its end cut off or all of it written anew."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.audit.conftest import Inside, connect, execute
from trialsite.audit import checkpoint

Verify = Callable[..., list[str]]
Take = Callable[[str], Path]
CHAIN = "participant:1"
# Every hash of the chain from number n on, as the trail's own function would make it.
REWRITE = """
do $$
declare e audit.event; before bytea := '\\x00';
begin
  for e in select * from audit.event where chain = 'participant:1' order by n loop
    e.prev := before;
    e.hash := audit.event_hash(e);
    update audit.event set prev = e.prev, hash = e.hash where chain = e.chain and n = e.n;
    before := e.hash;
  end loop;
  update audit.chain_head set hash = before, n = (select max(n) from audit.event where chain = 'participant:1')
    where chain = 'participant:1';
end $$
"""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint.key"
    checkpoint.new_key(path)
    return path


@pytest.fixture
def take(inside: Inside, key: Path) -> Take:
    """take(name) → the file of a checkpoint of that database."""

    def run(name: str) -> Path:
        file = key.with_name("checkpoint.json")
        with inside(name):
            call_command("audit_checkpoint", key=key, out=file)
        return file

    return run


def _public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


def _superuser(name: str, *statements: str) -> None:
    with connect("setup", name) as session, session, session.cursor() as cursor:
        cursor.execute("alter table audit.event disable trigger all")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("alter table audit.event enable always trigger event_append_only")
        cursor.execute("alter table audit.event enable always trigger event_no_truncate")


def test_a_trail_that_grew_since_still_fits(spoilt: str, verify: Verify, key: Path, take: Take) -> None:
    file = take(spoilt)
    execute("app", spoilt, "update enrollment_participant set age = age + 1 where id = 2")
    assert verify(spoilt, checkpoint=file, public_key=_public(key)) == []


@pytest.mark.requirement("AUD-06")
@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        pytest.param(
            [f"delete from audit.event where chain = '{CHAIN}' and n > 5", REWRITE],
            "is gone",
            id="end cut off",
        ),
        pytest.param(
            [f"update audit.event set actor_name = 'x' where chain = '{CHAIN}' and n = 2", REWRITE],
            "is not the one",
            id="written anew",
        ),
        pytest.param(
            [f"delete from audit.{table} where chain = '{CHAIN}'" for table in ("event", "chain_head")],
            "is gone",
            id="forgotten",
        ),
    ],
)
def test_a_chain_made_to_fit_does_not_fit_the_checkpoint(
    statements: list[str], problem: str, spoilt: str, verify: Verify, key: Path, take: Take
) -> None:
    """The chain alone shows nothing; the checkpoint names the entry that it knew."""
    file = take(spoilt)
    _superuser(spoilt, *statements)
    assert not any(line.startswith(CHAIN) for line in verify(spoilt))
    complaints = verify(spoilt, checkpoint=file, public_key=_public(key))
    assert any(
        line.startswith(f"{CHAIN}, entry ") and f"{problem} that the checkpoint" in line
        for line in complaints
    )


def test_a_checkpoint_that_was_changed_is_refused(victim: str, key: Path, take: Take) -> None:
    file = take(victim)
    body = json.loads(file.read_text())
    body["chains"][CHAIN][0] -= 1
    with pytest.raises(checkpoint.Invalid, match="not signed with this key, or was changed"):
        checkpoint.read(json.dumps(body), _public(key))


@pytest.mark.requirement("AUD-06")
def test_a_checkpoint_of_another_key_is_refused(victim: str, key: Path, tmp_path: Path, take: Take) -> None:
    file = take(victim)
    other = checkpoint.new_key(tmp_path / "other.key")
    with pytest.raises(checkpoint.Invalid, match="not signed with this key"):
        checkpoint.read(file.read_text(), other)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"signature": "%"}', '{"signature": 3}'])
def test_what_is_no_checkpoint_is_refused(text: str, key: Path) -> None:
    with pytest.raises(checkpoint.Invalid):
        checkpoint.read(text, _public(key))


def test_a_key_is_never_written_over_and_its_owner_alone_reads_it(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        checkpoint.new_key(key)


def test_a_broken_trail_is_not_signed(spoilt: str, take: Take) -> None:
    _superuser(spoilt, f"update audit.event set actor_name = 'x' where chain = '{CHAIN}' and n = 2")
    with pytest.raises(CommandError, match="Nothing was signed"):
        take(spoilt)


def test_without_a_key_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIALSITE_CHECKPOINT_KEY", raising=False)
    with pytest.raises(CommandError, match="Name the key"):
        call_command("audit_checkpoint")


def test_a_checkpoint_needs_its_key_to_be_verified(key: Path) -> None:
    with pytest.raises(CommandError, match="belong together"):
        call_command("verify_audit", public_key=_public(key))
