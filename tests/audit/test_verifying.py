"""Who verifies: a role that cannot write and sees no secret runs every check that the documentation names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.conftest import connect, execute
from trialsite.audit import checkpoint
from trialsite.stack import testing

ROOT = Path(__file__).resolve().parents[2]

CHECKS = ("verify_audit", "verify_signatures", "audit_checkpoint")


def _manage(role: str, name: str, *command: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        input=sent,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **testing.environment(role, name)},
    )


@pytest.fixture
def key(tmp_path: Path) -> Path:
    checkpoint.new_key(tmp_path / "key")
    return tmp_path / "key"


@pytest.mark.requirement("AUD-13")
def test_the_verifying_role_runs_every_check(victim: str, key: Path, tmp_path: Path) -> None:
    """verify_audit with and without a checkpoint, verify_signatures, audit_checkpoint with its key from a pipe."""
    taken = _manage("verify", victim, "audit_checkpoint", "--key", "-", sent=key.read_text())
    assert taken.returncode == 0, taken.stderr
    (tmp_path / "kept").write_text(taken.stdout)
    kept = ("--checkpoint", str(tmp_path / "kept"), "--public-key", f"{key}.pub")
    for command in (("verify_audit",), ("verify_audit", *kept), ("verify_signatures",)):
        done = _manage("verify", victim, *command)
        assert done.returncode == 0, done.stderr


def test_the_verifying_role_finds_what_it_is_for(spoilt: str) -> None:
    execute("owner", spoilt, "alter table assessments_assessment disable trigger audit_insert")
    done = _manage("verify", spoilt, "verify_audit")
    assert done.returncode != 0
    assert "assessments_assessment has no enabled audit trigger" in done.stderr


@pytest.mark.parametrize("command", ["verify_audit", "audit_checkpoint"])
def test_a_role_that_may_not_read_enough_is_told_whom_to_be(command: str, victim: str, key: Path) -> None:
    """In a sentence: not a traceback, and never "all is well" over what was not seen."""
    done = _manage("report", victim, command, *(("--key", str(key)) if command == "audit_checkpoint" else ()))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "trialsite_report may not read all of accounts_authenticator, accounts_recoverycode" in done.stderr
    assert "Connect as trialsite_verify" in done.stderr


@pytest.mark.parametrize("command", CHECKS)
def test_a_right_that_is_missing_is_told_in_a_sentence(command: str, spoilt: str, key: Path) -> None:
    with connect("setup", spoilt) as session, session, session.cursor() as cursor:
        cursor.execute("revoke execute on function audit.verify() from trialsite_report")
        cursor.execute(
            "revoke execute on function review_signature_holds(review_signature) from trialsite_report"
        )
        cursor.execute("revoke select on audit.event from trialsite_report")
    done = _manage("verify", spoilt, command, *(("--key", str(key)) if command == "audit_checkpoint" else ()))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "Nothing was verified: trialsite_verify may not" in done.stderr


def test_a_new_column_is_read_and_a_new_secret_is_not(spoilt: str) -> None:
    """Rights are given column by column where a table holds secrets; migrate keeps them complete."""
    execute(
        "owner", spoilt, "alter table accounts_recoverycode add column printed boolean not null default false"
    )
    testing.manage("owner", spoilt, "migrate", "--verbosity", "0")
    with connect("verify", spoilt) as session, session.cursor() as cursor:
        cursor.execute("select printed, ended_at from accounts_recoverycode")
