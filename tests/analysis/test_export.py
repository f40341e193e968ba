"""Exports: complete, described, checkable, and blinded unless somebody may have more."""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from analysis.models import Export
from assessments.domain.instrument import load
from tests.analysis.conftest import as_closed
from tests.analysis.exported import Exported, command, demo_database, export
from tests.audit.conftest import Inside, inside
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, User
from trialsite.stack import testing

__all__ = ["inside"]
AsUser = Callable[[User], Client]
WANTED = {
    "participants": {"participant", "site", "status", "age", "sex", "left_reason", "consent_version"},
    "visits": {"participant", "site", "period", "visit", "planned_on", "performed_on", "status", "deviation_days"},
    "assessments": {"participant", "period", "visit", "date", "instrument", "HAMD101", "HAMD116A", "total", "rater"},
    "outcomes": {
        "participant", "site", "period", "baseline", "day_1", "day_3", "day_5", "day_7", "day_14",
        "change_day_1", "response", "remission", "completer",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with demo_database(f"export_{os.getpid()}") as name:
        yield name


@pytest.fixture(scope="module")
def blinded(database: str, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(database, tmp_path_factory.mktemp("blinded") / "out", "datamanager", "--reason", "interim")


@pytest.fixture(scope="module")
def unblinded(database: str, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(database, tmp_path_factory.mktemp("unblinded") / "out", "statistician", "--unblinded")


def query(database: str, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(testing.url("setup", database))
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize("table", sorted(WANTED))
def test_the_promised_files_have_the_promised_columns(table: str, blinded: Exported) -> None:
    assert set(blinded.columns(table)) >= WANTED[table]
    assert blinded.rows(table)


def test_one_row_for_each_participant_visit_rating_and_period(blinded: Exported, database: str) -> None:
    """As many as the database holds; outcomes once for each participant and period."""
    for name, source in (
        ("participants", "enrollment_participant"),
        ("visits", "enrollment_visit"),
        ("assessments", "assessments_assessment"),
        ("outcomes", "analysis_outcome"),
    ):
        assert len(blinded.rows(name)) == query(database, f"select count(*) from {source}")[0][0]
    keys = [(row["participant"], row["period"]) for row in blinded.rows("outcomes")]
    assert len(keys) == len(set(keys))


def test_each_participant_has_the_consent_text_that_was_signed(blinded: Exported) -> None:
    """With its approval at the site; those of later consent have the later text."""
    rows = blinded.rows("participants")
    assert {(row["consent_version"], row["consent_language"]) for row in rows} == {
        ("1.0", "en"),
        ("2.0", "en"),
    }
    assert all(row["consent_approved_on"] <= row["consented_on"] for row in rows)


@pytest.mark.requirement("EXP-01")
def test_the_codebook_covers_every_column(unblinded: Exported, blinded: Exported) -> None:
    """Each with a label, and none that is not there."""
    for taken in (blinded, unblinded):
        described = {(row["file"], row["column"]): row["label"] for row in taken.rows("codebook")}
        there = {(f"{name}.csv", column) for name in taken.tables for column in taken.columns(name)}
        assert set(described) == there
        assert all(described.values())


@pytest.mark.requirement("EXP-01")
def test_every_instruments_items_are_exported_and_described(blinded: Exported, database: str) -> None:
    """A column an item, instruments in the protocol's order; a row has values of its own instrument alone."""
    described = [row for row in blinded.rows("codebook") if row["instrument"]]
    assert {row["file"] for row in described} == {"assessments.csv", "second_ratings.csv"}
    assert list(dict.fromkeys(row["instrument"] for row in described)) == ["HAMD17", "CADSS"]
    items = {
        code: [
            row["column"]
            for row in described
            if row["instrument"] == code and row["file"] == "assessments.csv"
        ]
        for code in ("HAMD17", "CADSS")
    }
    assert items["CADSS"] == [item.code for item in load("CADSS").items]
    assert all(re.fullmatch(r"0 to \d", row["values"]) and row["label"] for row in described)
    for instrument, codes in items.items():
        rows = [row for row in blinded.rows("assessments") if row["instrument"] == instrument]
        other = [code for name, them in items.items() if name != instrument for code in them]
        assert rows
        assert not any(row[code] for row in rows for code in other)
        summed = [r for r in rows if r["total"]]
        assert all(sum(int(row[code] or 0) for code in codes) == int(row["total"]) for row in summed)


def test_codes_in_the_data_stand_in_the_codebook(blinded: Exported) -> None:
    """Where the codebook lists values, nothing else occurs."""
    lists = {
        (row["file"].removesuffix(".csv"), row["column"]): set(row["values"].split(", "))
        for row in blinded.rows("codebook")
        if row["column"] in {"status", "sex", "instrument"} and not row["file"].startswith("form_")
    }
    assert len(lists) == 9
    for (table, column), allowed in lists.items():
        # A deviation of a visit is of no single rating.
        empty = {""} if (table, column) == ("deviations", "instrument") else set()
        assert {row[column] for row in blinded.rows(table)} <= allowed | empty


@pytest.mark.requirement("EXP-01")
def test_every_code_has_its_label(blinded: Exported, unblinded: Exported) -> None:
    """Whatever occurs in a column that has codes is one of them: visits, reasons, patterns, arms, sequences, yes and
    no; and none is without a label."""
    for taken in (blinded, unblinded):
        codes: dict[tuple[str, str], dict[str, str]] = {}
        for row in taken.rows("codes"):
            codes.setdefault((row["file"].removesuffix(".csv"), row["column"]), {})[row["code"]] = row[
                "label"
            ]
        for (table, column), labels in codes.items():
            assert all(labels.values())
            cells = {row[column] for row in taken.rows(table)} - {""}
            assert {code for cell in cells for code in cell.split("; ")} <= labels.keys(), (table, column)
    assert codes["outcomes", "treatment"].keys() == {"PLA", "NAL"}
    assert codes["participants", "sequence"]["PN"] == "Ketamine + placebo, then Ketamine + naltrexone"
    assert codes["outcomes", "pattern"].keys() == {"1", "2", "1+2", "none"}
    assert codes["visits", "visit"]["DAY14"] == "Day 14"
    assert codes["missing_items", "reason"]["refused"] == "Participant did not answer"
    assert codes["visits", "period"] == {"1": "Period 1", "2": "Period 2"}


def test_what_was_decided_before_and_beside_the_ratings_is_exported(blinded: Exported, database: str) -> None:
    """Facts, decisions by criterion, treatments row by row, periods with overrides, and every missing item."""
    for name, source in (
        ("screening_facts", "enrollment_fact"),
        ("failed_treatments", "assessments_record where form = 'FAILED_TREATMENT'"),
        ("periods", "enrollment_period"),
        ("missing_items", "assessments_assessment a cross join jsonb_each_text(a.missing)"),
        ("eligibility", "enrollment_eligibilitydecision d cross join jsonb_array_elements(d.criteria)"),
        ("locks", "review_lock"),
    ):
        assert len(blinded.rows(name)) == query(database, f"select count(*) from {source}")[0][0], name
    completed = {
        r["participant"]: r["completed_on"]
        for r in blinded.rows("participants")
        if r["status"] == "completed"
    }
    last: dict[str, str] = {}
    for row in blinded.rows("visits"):
        last[row["participant"]] = max(last.get(row["participant"], ""), row["performed_on"])
    assert completed
    assert all(day == last[who] for who, day in completed.items())
    assert {row["group"] for row in blinded.rows("criteria")} == {"inclusion", "exclusion"}
    assert sum(int(row["items_missing"]) for row in blinded.rows("assessments")) == len(
        blinded.rows("missing_items")
    )


@pytest.mark.requirement("EXP-01")
def test_the_manifests_hashes_are_those_of_the_files(blinded: Exported) -> None:
    """Every file, its bytes and its rows; who, when, which protocol, blinded or not."""
    manifest = blinded.manifest
    assert set(manifest["files"]) == {path.name for path in blinded.folder.glob("*.csv")}
    for name, said in manifest["files"].items():
        content = (blinded.folder / name).read_bytes()
        assert said["sha256"] == hashlib.sha256(content).hexdigest()
        assert said["bytes"] == len(content)
        assert said["rows"] == len(blinded.rows(name.removesuffix(".csv")))
    assert (manifest["study"], manifest["unblinded"], manifest["exported_by"]) == (
        "KETNAL",
        False,
        "datamanager",
    )
    assert manifest["protocol"]["version"] == "1.2"


@pytest.mark.requirement("EXP-02")
def test_the_blinded_export_says_nothing_of_treatment(blinded: Exported) -> None:
    """No such column, no arm, sequence, block or position, in no file, label or name of a file; no guess of it either."""
    names = {column for table in blinded.tables for column in blinded.columns(table)}
    assert names & {"treatment", "arm", "sequence", "block", "position", "slot"} == set()
    # The article's two drugs stand in the protocol's title, which everybody knows.
    text = blinded.text
    words = set(re.findall(r"\b[A-Za-z]+\b", text.replace(blinded.manifest["title"], "")))
    assert words & {"PLA", "NAL", "PN", "NP", "placebo", "naltrexone", "Naltrexone", "Placebo"} == set()


def test_kit_numbers_do_not_tell_the_arm(blinded: Exported, unblinded: Exported) -> None:
    """Neither their order nor their digits: no cut of the sorted numbers and no parity separates the arms."""
    treatment = {(r["participant"], r["period"]): r["treatment"] for r in unblinded.rows("outcomes")}
    kits = {
        int(re.sub(r"\D", "", row["kit"])): treatment[row["participant"], row["period"]]
        for row in blinded.rows("visits")
        if row["kit"]
    }
    assert set(kits.values()) == {"PLA", "NAL"}
    ordered = [kits[number] for number in sorted(kits)]
    assert sum(a != b for a, b in pairwise(ordered)) > 3
    for digit in range(5):
        by_parity = {(number // 10**digit % 2, arm) for number, arm in kits.items()}
        assert len(by_parity) == 4


def test_the_unblinded_export_adds_the_treatment_and_nothing_else(
    blinded: Exported, unblinded: Exported
) -> None:
    """The sequence of a participant, the treatment of a period, and the guesses; every other value is the same."""
    assert unblinded.manifest["unblinded"] is True
    assert unblinded.tables == blinded.tables
    answers = {"CONFIDENCE", "GUESS", "REASON", "REASON_TEXT"}
    guess = {*answers, "status_reason", *(f"{item}_missing" for item in answers - {"REASON_TEXT"})}
    more = {"outcomes": {"treatment"}, "participants": {"sequence"}}
    more |= {"form_guess_participant": guess, "form_guess_rater": guess}
    for table in blinded.tables:
        added = set(unblinded.columns(table)) - set(blinded.columns(table))
        assert added == more.get(table, set())
        bare = [{k: v for k, v in row.items() if k not in added} for row in unblinded.rows(table)]
        assert bare == blinded.rows(table)
    assert {row["treatment"] for row in unblinded.rows("outcomes")} == {"PLA", "NAL"}


@pytest.mark.requirement("EXP-02")
@pytest.mark.parametrize("by", ["datamanager", "admin", "investigator", "pharmacist"])
def test_the_unblinded_export_is_refused_without_the_role(
    by: str, database: str, inside: Inside, tmp_path: Path
) -> None:
    """In words, before a byte is written, and without a record of an export."""
    before = query(database, "select count(*) from analysis_export")
    with (
        inside(database),
        as_closed(),
        pytest.raises(CommandError, match="no role in KETNAL that may take unblinded exports"),
    ):
        call_command(*command(tmp_path / "out", by, "--unblinded"))
    assert not (tmp_path / "out").exists()
    assert query(database, "select count(*) from analysis_export") == before


@pytest.mark.parametrize(("by", "reason"), [("coordinator", "no role"), ("nobody", "nobody is called")])
def test_the_blinded_export_is_refused_too(
    by: str, reason: str, database: str, inside: Inside, tmp_path: Path
) -> None:
    with inside(database), as_closed(), pytest.raises(CommandError, match=reason):
        call_command(*command(tmp_path / "out", by))


@pytest.mark.requirement("EXP-01")
def test_every_export_is_recorded_and_audited(blinded: Exported, unblinded: Exported, database: str) -> None:
    """Who, blinded or not, from the command line, why; and the trail has it by the person's name."""
    taken = query(
        database,
        "select u.username, e.unblinded, e.via, e.reason from analysis_export e"
        " join accounts_user u on u.id = e.taken_by_id order by e.id",
    )
    assert ("datamanager", False, "command", "interim") in taken
    assert ("statistician", True, "command", "command line") in taken
    audited = query(
        database, "select actor_name, reason from audit.event where table_name = 'analysis_export'"
    )
    assert len(audited) == len(taken)
    assert any(str(name).startswith("statistician (") for name, _ in audited)


@pytest.mark.django_db
def test_the_browser_gives_the_blinded_export_as_one_file(make_user: MakeUser, as_user: AsUser) -> None:
    """A ZIP with the same files, recorded before a byte leaves; no way to ask for the treatment."""
    person = make_user("datamanager")
    answer = as_user(person).post("/studies/KETNAL/export/", {"reason": "interim", "unblinded": "on"})
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = {name.removeprefix("KETNAL/") for name in archive.namelist()}
    assert names >= {"participants.csv", "visits.csv", "assessments.csv", "outcomes.csv", "codebook.csv"}
    assert json.loads(archive.read("KETNAL/manifest.json"))["unblinded"] is False
    assert b"treatment" not in archive.read("KETNAL/outcomes.csv")
    taken = Export.objects.get()
    assert (taken.taken_by, taken.unblinded, taken.via, taken.reason) == (person, False, "browser", "interim")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "role", ["coordinator", "investigator", "monitor", "pharmacist", "safety", "auditor"]
)
def test_the_browser_refuses_who_may_not(role: str, make_user: MakeUser, site: Site, as_user: AsUser) -> None:
    client = as_user(make_user(role, site))
    assert client.get("/studies/KETNAL/export/").status_code == 403
    assert client.post("/studies/KETNAL/export/", {"reason": "r"}).status_code == 403
    assert not Export.objects.exists()
