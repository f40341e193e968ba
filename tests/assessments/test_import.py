"""Importing ratings: checked as a whole, said line by line, written all or not at all."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.domain.longform import read_rows
from assessments.importing import Importer
from assessments.models import Assessment
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from tests.assessments.importing import HEADER, Run, counts, invented, run, saved_totals
from tests.conftest import MakeUser
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Event, Outbox
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db
Import = Callable[..., Run]
GOOD = ("A,P1,1,BL,2024-01-08,HAMD17,26", "A,P1,1,WK2,2024-01-22,HAMD17,14", "B,P2,1,BL,2024-02-05,HAMD17,NA")


@pytest.fixture
def aspen(db: None) -> Study:
    return invented()


@pytest.fixture
def bring(aspen: Study, tmp_path: Path) -> Import:
    """bring(b"…" or lines, options…): import a file with this content into the invented trial."""

    def bring(content: bytes | tuple[str, ...], *options: str, create: bool = True) -> Run:
        file = tmp_path / "ratings.csv"
        data = content if isinstance(content, bytes) else "\n".join((HEADER, *content, "")).encode()
        file.write_bytes(data)
        return run(file, aspen.code, *(["--create-participants"] if create else []), *options)

    return bring


def test_a_file_is_imported_to_its_values(bring: Import, aspen: Study) -> None:
    """Totals and dates as they stand, participants enrolled at their site, a row without a value kept out."""
    done = bring(GOOD)
    assert done.error == ""
    assert "3 ratings read: 2 new, 0 changed, 0 the same, 1 without a value" in done.out
    assert saved_totals(aspen) == {("P1", "BL"): (26, "2024-01-08"), ("P1", "WK2"): (14, "2024-01-22")}
    people = dict(Participant.objects.filter(study=aspen).values_list("code", "site__code"))
    assert people == {"P1": "A", "P2": "B"}
    visits = Visit.objects.filter(participant__code="P1", participant__study=aspen)
    assert set(visits.filter(status="done").values_list("code", flat=True)) == {"BL", "WK2"}


def test_what_was_imported_is_audited_with_the_files_hash(bring: Import) -> None:
    """Each rating has its entry: the importer's role, why, and which file."""
    bring(GOOD, "--reason", "paper forms of 2024")
    found = Event.objects.filter(table_name="assessments_assessment")
    assert {event.actor_role for event in found} == {"import"}
    assert {(event.reason or "")[:37] for event in found} == {
        "paper forms of 2024 (file SHA-256 " + hash_of(GOOD)[:3]
    }


def whole(person: str, *without: str) -> tuple[str, ...]:
    """Every visit of the invented trial but `without`, rated."""
    days = {"BL": "2024-01-08", "WK2": "2024-01-22", "WK4": "2024-02-05", "WK8": "2024-03-04"}
    return tuple(f"A,{person},1,{visit},{on},HAMD17,20" for visit, on in days.items() if visit not in without)


def states(study: Study) -> dict[str, str]:
    return dict(Participant.objects.filter(study=study).values_list("code", "status"))


def test_after_the_last_visit_the_imported_have_completed(bring: Import, aspen: Study) -> None:
    """As in the browser: when no visit is to come. All of a file in one statement, with the import's reason."""
    with CaptureQueriesContext(connection) as asked:
        bring((*whole("P1"), *whole("P2"), *whole("P3", "WK2"), *whole("P4", "WK8")))
    sent = [q["sql"] for q in asked if q["sql"].startswith('UPDATE "enrollment_participant"')]
    assert len(sent) == 1
    assert states(aspen) == {"P1": "completed", "P2": "completed", "P3": "randomised", "P4": "randomised"}
    done = Event.objects.filter(
        table_name="enrollment_participant", reason__startswith="import (file SHA-256"
    )
    assert {(e.op, e.actor_role) for e in done} == {("I", "import"), ("U", "import")}
    assert done.filter(op="U").count() == 2
    bring(whole("P4"))
    assert states(aspen)["P4"] == "completed"


def test_who_withdrew_has_not_completed_by_an_import(
    bring: Import, aspen: Study, make_user: MakeUser
) -> None:
    """The last ratings come late; the person has left all the same."""
    bring(whole("P1", "WK8"))
    person = Participant.objects.get(study=aspen)
    Participant.objects.filter(pk=person.pk).update(
        status="withdrawn", left_reason="moved away", left_on="2020-01-01"
    )
    bring(whole("P1"))
    assert states(aspen) == {"P1": "withdrawn"}


def hash_of(lines: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join((HEADER, *lines, "")).encode()).hexdigest()


def test_a_dry_run_changes_nothing(bring: Import, aspen: Study) -> None:
    """It says what would happen; not one row of any table is written."""
    before = counts(aspen)
    done = bring(GOOD, "--dry-run")
    assert "2 new" in done.out
    assert "nothing was imported" in done.out
    assert counts(aspen) == before


def test_the_same_file_again_changes_nothing(bring: Import, aspen: Study) -> None:
    """No new row, no new version, no audit entry."""
    bring(GOOD)
    before, ratings = counts(aspen), list(Assessment.objects.values_list("pk", "version"))
    done = bring(GOOD)
    assert "0 new, 0 changed, 2 the same" in done.out
    assert counts(aspen) == before
    assert list(Assessment.objects.values_list("pk", "version")) == ratings


CHANGED = ("A,P1,1,BL,2024-01-08,HAMD17,27", GOOD[1], GOOD[2])


def test_changed_values_need_a_reason(bring: Import, aspen: Study) -> None:
    """Refused as a whole without one; a dry run says how many."""
    bring(GOOD)
    assert "1 changed" in bring(CHANGED, "--dry-run").out
    before = counts(aspen)
    assert "1 saved ratings would change: say why with --reason" in bring(CHANGED).error
    assert counts(aspen) == before


def test_changed_values_are_corrections(bring: Import, aspen: Study) -> None:
    """A new version, the old value and the reason in the trail; what did not change is left alone."""
    bring(GOOD)
    bring(CHANGED, "--reason", "checked against source")
    assert saved_totals(aspen)["P1", "BL"] == (27, "2024-01-08")
    assert dict(Assessment.objects.values_list("visit__code", "version")) == {"BL": 2, "WK2": 1}
    (event,) = Event.objects.filter(table_name="assessments_assessment", op="U")
    assert event.old
    assert event.old["total"] == 26
    assert (event.reason or "").startswith("checked against source")


def test_a_value_that_went_missing_does_not_take_the_saved_one_away(bring: Import, aspen: Study) -> None:
    """A row without a value is counted, never an erasure."""
    bring(GOOD)
    done = bring((GOOD[0].replace(",26", ",NA"),))
    assert "1 without a value" in done.out
    assert saved_totals(aspen)["P1", "BL"] == (26, "2024-01-08")


BAD = [
    ("A,P1,1,BL,2024-01-08,HAMD17,high", "total", "high", "not a whole number"),
    ("A,P1,1,BL,2024-01-08,HAMD17,2.5", "total", "2.5", "not a whole number"),
    ("A,P1,1,BL,2024-01-08,HAMD17,53", "total", "53", "totals go from 0 to 52"),
    ("A,P1,1,BL,2024-01-08,HAMD17,-1", "total", "-1", "totals go from 0 to 52"),
    ("A,P1,1,WK9,2024-01-08,HAMD17,20", "visit", "WK9", "no such visit; the visits are BL, WK2, WK4, WK8"),
    ("C,P1,1,BL,2024-01-08,HAMD17,20", "site", "C", "no such site; the sites are A, B"),
    ("A,P1,2,BL,2024-01-08,HAMD17,20", "period", "2", "periods go from 1 to 1"),
    ("A,P1,one,BL,2024-01-08,HAMD17,20", "period", "one", "not a period's number"),
    ("A,P1,1,BL,08.01.2024,HAMD17,20", "date", "08.01.2024", "write year-month-day"),
    ("A,P1,1,BL,2024-02-30,HAMD17,20", "date", "2024-02-30", "no such day"),
    ("A,P1,1,BL,2099-01-08,HAMD17,20", "date", "2099-01-08", "is in the future"),
    ("A,P1,1,BL,,HAMD17,20", "date", "", "no date is given"),
    ("A,P1,1,BL,2024-01-08,MADRS,20", "instrument", "MADRS", "an unknown instrument"),
    ("A,,1,BL,2024-01-08,HAMD17,20", "participant", "", "no participant is given"),
    ("A,P1,1,BL,2024-01-08,HAMD17", "", "A,P1,1,BL", "6 cells, the header has 7"),
    ("A,P1,1,BL,2024-01-08,HAMD17,2\0", "total", "2", "NUL byte"),
    ('A,"P\n1",1,BL,2024-01-08,HAMD17,20', "participant", "P", "line break"),
    ('A,"P1,1,BL,2024-01-08,HAMD17,20', "", "", "check the quotation marks"),
    ("A," + "P" * 21 + ",1,BL,2024-01-08,HAMD17,20", "participant", "PPP", "at most 20 characters"),
    ("A," + "P" * 100_000 + ",1,BL,2024-01-08,HAMD17,20", "participant", "PPP", "at most 20 characters"),
    ("A,P/1,1,BL,2024-01-08,HAMD17,20", "participant", "P/1", "without “/”"),
    ("A,P1,1,BL,2024-01-08,HAMD17," + "2" * 100_000, "total", "222", "not a whole number"),
]


@pytest.mark.requirement("IMP-01")
@pytest.mark.parametrize(("bad", "column", "value", "reason"), BAD, ids=[f"{b[1]}-{b[3][:20]}" for b in BAD])
def test_a_bad_row_is_told_by_line_column_value_and_reason(
    bad: str, column: str, value: str, reason: str, bring: Import, aspen: Study
) -> None:
    """And nothing of the file is imported: not the good rows before it, not those after."""
    before = counts(aspen)
    done = bring(("A,P0,1,BL,2024-01-08,HAMD17,30", bad, "A,P9,1,BL,2024-01-08,HAMD17,30"))
    assert counts(aspen) == before
    assert done.error.endswith("nothing was imported.")
    said = next(problem for problem in done.problems if reason in problem)
    assert said.startswith(f"line 3, column {column or '–'}, value '{value}")
    assert len(said) < 400


def test_every_bad_row_is_told(bring: Import) -> None:
    """Not only the first; with several problems in one row, each of them."""
    done = bring(("A,P1,1,BL,2024-01-08,HAMD17,99", GOOD[1], "C,P2,7,WK9,2024-01-08,HAMD17,5"))
    assert [line.split(", value")[0] for line in done.problems] == [
        "line 2, column total", "line 4, column site", "line 4, column period", "line 4, column visit",
    ]  # fmt: skip
    assert done.error.startswith("4 problems")


def test_a_visit_rated_twice_in_one_file_names_both_lines(bring: Import) -> None:
    """Even when both say the same."""
    (said,) = bring((GOOD[0], GOOD[0])).problems
    assert "lines 2 and 3" in said


def test_a_new_participant_is_of_one_site(bring: Import, aspen: Study) -> None:
    """Two sites for one new code are told, instead of the first being taken."""
    before = counts(aspen)
    (said,) = bring((GOOD[0], GOOD[1].replace("A,", "B,", 1))).problems
    assert said.startswith("line 3, column site, value 'B'")
    assert "of site A" in said
    assert counts(aspen) == before


def test_a_known_participant_stays_at_their_site(bring: Import) -> None:
    bring(GOOD)
    (said,) = bring(("B,P1,1,WK4,2024-02-05,HAMD17,9",)).problems
    assert "this participant is of site A" in said


def test_an_unknown_participant_is_not_enrolled_unasked(bring: Import, aspen: Study) -> None:
    """The sentence names the option."""
    done = bring(GOOD[:1], create=False)
    assert "--create-participants" in done.problems[0]
    assert not Participant.objects.filter(study=aspen).exists()


def test_a_row_without_a_value_needs_no_date(bring: Import, aspen: Study) -> None:
    """A visit that did not take place has none."""
    done = bring((*GOOD[:2], "A,P1,1,WK4,,HAMD17,NA"))
    assert done.error == ""
    assert "1 without a value" in done.out


@pytest.mark.parametrize("site", ["A", "B"])
def test_the_future_begins_tomorrow_at_the_site(site: str, bring: Import, aspen: Study) -> None:
    """A rating of today is accepted where it is already today, whatever the server's clock says."""
    today = today_at(aspen.sites.get(code=site))
    assert bring((f"{site},P1,1,BL,{today},HAMD17,20",), "--dry-run").error == ""
    tomorrow = today + timedelta(days=1)
    assert "future" in bring((f"{site},P1,1,BL,{tomorrow},HAMD17,20",), "--dry-run").problems[0]


FILES = [
    (b"", "the file is empty"),
    (f"{HEADER}\n".encode(), "there is a header and no row below it"),
    (HEADER.encode(), "there is a header and no row below it"),
    (f"{HEADER}\n{GOOD[0]}\n".replace(",", ";").encode(), "separated by ';'; save the file with commas"),
    (f"{HEADER}\n{GOOD[0]}\n".replace(",", "\t").encode(), "save the file with commas"),
    (f"{HEADER}\n{GOOD[0]}\n".encode("utf-16"), "UTF-16"),
    (f"{HEADER}\n{GOOD[0]}\n".encode("utf-16-le"), "UTF-16"),
    (f"{HEADER}\nA,Pé,1,BL,2024-01-08,HAMD17,26\n".encode("latin-1"), "not UTF-8 (byte 0xE9"),
    (f"{HEADER}\n{GOOD[0]}\n".replace("\n", "\r").encode(), "lines end with a carriage return only"),
    (b"PK\x03\x04 a workbook", "this is a workbook"),
    (b"\0" * 5000, "NUL bytes"),
    (b"x" * 2_000_000, "is this a CSV file?"),
    (f"{GOOD[0]}\n".encode(), "column"),
    (f"{HEADER.replace(',visit', '')}\nA,P1,1,2024-01-08,HAMD17,2\n".encode(), "this column is missing"),
    (f"{HEADER},total\n{GOOD[0]},26\n".encode(), "this column appears twice"),
    (f"{HEADER},mood\n{GOOD[0]},3\n".encode(), "an unknown column"),
]


@pytest.mark.parametrize(("content", "reason"), FILES, ids=[reason[:30] for _, reason in FILES])
def test_a_file_of_the_wrong_kind_is_refused_in_words(
    content: bytes, reason: str, bring: Import, aspen: Study
) -> None:
    """Nothing is imported, and the sentence says what it is."""
    before = counts(aspen)
    done = bring(content)
    assert any(reason in problem for problem in done.problems)
    assert "nothing was imported" in done.error
    assert counts(aspen) == before


@pytest.mark.parametrize(
    "dressed",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: "\n".join(
            ",".join(f'"{c}"' for c in line.split(",")) for line in text.split("\n")[:-1]
        ).encode(),
    ],
    ids=["byte order mark", "CRLF", "no last line end", "blank lines", "all quoted"],
)
def test_the_usual_ways_to_write_csv_are_read(
    dressed: Callable[[str], bytes], bring: Import, aspen: Study
) -> None:
    assert bring(dressed("\n".join((HEADER, *GOOD, "")))).error == ""
    assert len(saved_totals(aspen)) == 2


@pytest.mark.parametrize("option", ["--study=NONE", "--by=nobody", "--mapping=none.toml"])
def test_a_wrong_option_is_named(option: str, tmp_path: Path, aspen: Study) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("\n".join((HEADER, *GOOD, "")))
    done = run(file, aspen.code, "--create-participants", option)
    assert done.error.startswith(option.partition("=")[0])
    assert not Participant.objects.filter(study=aspen).exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path, aspen: Study) -> None:
    assert "cannot be read" in run(tmp_path / "none.csv", aspen.code).error
    assert "cannot be read" in run(tmp_path, aspen.code).error


@pytest.mark.parametrize(
    ("planned", "meanwhile"),
    [
        (GOOD[1], GOOD[1]),
        (GOOD[1], GOOD[1].replace("14", "15", 1)),
        (CHANGED[0], CHANGED[0].replace(",27", ",28")),
        (GOOD[2].replace("NA", "20"), GOOD[2]),
    ],
    ids=["the same new row", "another date", "the same change", "the same person"],
)
def test_two_imports_at_once_do_not_mix(
    planned: str, meanwhile: str, bring: Import, aspen: Study, tmp_path: Path
) -> None:
    """What was planned for one state of the study is not carried out on another, not even in part."""
    bring(GOOD[:1])
    file = tmp_path / "later.csv"
    file.write_text("\n".join((HEADER, "A,P7,1,BL,2024-01-08,HAMD17,30", planned, "")))
    importer = Importer(aspen, create_participants=True)
    with file.open("rb") as opened:
        plan = importer.plan(read_rows(opened, None, importer.instruments))
    bring((meanwhile,), "--reason", "meanwhile")
    before = counts(aspen)
    with file.open("rb") as opened:
        rows = list(read_rows(opened, None, importer.instruments))
    with pytest.raises(Conflict):
        importer.carry_out(rows, plan.basis, by=User.objects.system(), reason="late", progress=len_of_nothing)
    assert counts(aspen) == before


def len_of_nothing(_: int) -> None:
    """Nobody looks at the progress."""


def test_an_import_owes_the_outcomes_of_its_people(bring: Import, aspen: Study) -> None:
    """In the same transaction as the ratings."""
    Outbox.objects.all().delete()
    bring(GOOD)
    people = set(Participant.objects.filter(study=aspen).values_list("pk", flat=True))
    assert set(Outbox.objects.filter(kind="recompute").values_list("subject", flat=True)) == people


def test_the_person_named_is_the_one_in_the_trail(bring: Import, make_user: MakeUser) -> None:
    """--by; without it the system."""
    person = make_user("datamanager")
    bring(GOOD, "--by", person.username)
    actors = set(Event.objects.filter(table_name="assessments_assessment").values_list("actor", flat=True))
    assert actors == {person.pk}


def test_the_shipped_protocols_say_so_where_totals_are_enough() -> None:
    """The series of totals, and not the crossover trial."""
    for code, enough in (("REISBY", True), ("KETNAL", False)):
        uses = Study.objects.get(code=code).protocols.latest().definition.instruments
        assert {use.totals_only for use in uses} == {enough}


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("import_assessments", "--help")
    said = capsys.readouterr().out
    for option in ("--study", "--dry-run", "--mapping", "--create-participants", "--by", "--reason"):
        assert option in said
