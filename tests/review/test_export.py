"""Queries and signatures leave with the data."""

import csv
from pathlib import Path

import pytest
from django.core.management import call_command

from enrollment.models import Visit
from tests.conftest import MakeUser, sign
from trialsite.accounts.models import User
from trialsite.review import services

pytestmark = pytest.mark.django_db


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open() as file:
        return list(csv.DictReader(file))


def test_every_lock_and_what_was_asked_of_it_is_exported(
    visit: Visit, investigator: User, make_user: MakeUser, tmp_path: Path
) -> None:
    """A lock of the study has no participant; an unlock names who asked and who decided."""
    manager, admin = make_user("datamanager"), make_user("admin")
    sign(visit.participant, visit, by=investigator, meaning="reviewed")
    kept = services.lock(visit.participant.study, visit.participant, visit, by=manager, reason="cleaned")
    services.request_unlock(kept, by=investigator, reason="a page was missed")
    call_command(
        "export", "--study", "KETNAL", "--format", "csv", "--out", str(tmp_path), "--by", admin.username
    )
    [row] = rows(tmp_path, "locks.csv")
    assert (row["participant"], row["period"], row["visit"]) == (visit.participant.code, "1", "BASELINE")
    assert (row["locked_by"], row["reason"]) == ("The datamanager", "cleaned")
    assert (row["unlock_requested_by"], row["unlock_reason"]) == ("The investigator", "a page was missed")
    assert row["unlock_approved"] == ""


def test_every_turn_of_a_query_and_every_signature_is_exported(
    visit: Visit,
    monitor: User,
    coordinator: User,
    investigator: User,
    make_user: MakeUser,
    tmp_path: Path,
) -> None:
    """One row a turn, with place and speaker; one row a signature; both described in the codebook."""
    [query] = services.raise_queries(
        [services.Place(visit.participant, visit, "HAMD17", "HAMD101")], by=monitor, text="Source says 2?"
    )
    services.answer(query, by=coordinator, text='It is "2", see\npage 3')
    sign(visit.participant, visit, by=investigator, meaning="reviewed")
    admin = make_user("admin")
    call_command(
        "export", "--study", "KETNAL", "--format", "csv", "--out", str(tmp_path), "--by", admin.username
    )
    messages = [row for row in rows(tmp_path, "queries.csv") if row["query"] == str(query.pk)]
    assert [(row["turn"], row["kind"], row["who"]) for row in messages] == [
        ("1", "raised", "The monitor"),
        ("2", "answered", "The coordinator"),
    ]
    assert messages[1]["text"] == 'It is "2", see\npage 3'
    assert messages[0]["participant"] == visit.participant.code
    assert (messages[0]["period"], messages[0]["visit"], messages[0]["field"]) == ("1", "BASELINE", "HAMD101")
    [signed] = rows(tmp_path, "signatures.csv")
    assert (signed["signed_by"], signed["meaning"], signed["voided_at"]) == (
        "The investigator",
        "reviewed",
        "",
    )
    described = {(row["file"], row["column"]) for row in rows(tmp_path, "codebook.csv")}
    assert {("queries.csv", "text"), ("signatures.csv", "sha256")} <= described
