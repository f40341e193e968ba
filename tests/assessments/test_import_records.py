"""Records from a file that the export wrote: equal where they were, and refused by the rules of the page."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from analysis.exports.archive import write_folder
from assessments.domain.form_table import HEAD
from assessments.entry.selectors import FormPlace, definitions_of
from assessments.entry.services import strike_out_record
from assessments.models import Record
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.assessments.loaded import LABS, baseline_of, load_forms, place
from tests.assessments.never_seen import fill, record
from tests.conftest import MakeUser
from tests.domain.assessments.forms.documents import never_seen
from tests.domain.assessments.forms.filled import amount
from tests.treatments import FORM
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Event
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db
SAID = ("form", "repeat_key", "status", "items", "missing", "comments", "status_reason", "performed_on", "visit_id",
        "participant_id", "definition_id")  # fmt: skip
Import = Callable[..., str]


@pytest.fixture
def visit(study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path) -> Visit:
    folder = tmp_path / "forms"
    folder.mkdir()
    protocol = load_forms(study, folder, LABS, never_seen(), visit="BASELINE")
    return baseline_of(protocol, site, coordinator, investigator)


@pytest.fixture
def seen(visit: Visit) -> FormPlace:
    return place(visit.participant, visit, definitions_of(visit.participant)["NEVER_SEEN"])


@pytest.fixture
def labs(visit: Visit) -> FormPlace:
    return place(visit.participant, visit, definitions_of(visit.participant)["LABS"])


@pytest.fixture
def import_records(coordinator: User) -> Import:
    """What the command says on stdout, and on stderr."""

    def run(file: Path, form: str, *options: str) -> str:
        out, err = io.StringIO(), io.StringIO()
        words = (
            "--study",
            "KETNAL",
            "--form",
            form,
            "--by",
            coordinator.username,
            "--reason",
            "from the export",
        )
        try:
            call_command("import_records", str(file), *words, *options, stdout=out, stderr=err)
        except CommandError as error:
            return err.getvalue() + str(error)
        return out.getvalue()

    return run


def saved() -> list[dict[str, object]]:
    return list(Record.objects.order_by("form", "repeat_key").values(*SAID))


def row_of(labs: FormPlace, **cells: str) -> dict[str, str]:
    assert labs.visit
    assert labs.visit.period
    assert labs.visit.period.dosed_on
    return {
        "participant": labs.participant.code,
        "period": "1",
        "visit": "BASELINE",
        "performed_on": labs.visit.period.dosed_on.isoformat(),
        **cells,
    }


def file_of(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_an_export_comes_back_as_it_was(
    study: Study,
    site: Site,
    seen: FormPlace,
    labs: FormPlace,
    coordinator: User,
    import_records: Import,
    tmp_path: Path,
) -> None:
    """Every type, units, reasons, comments, a row struck out, a form not done; and the same again changes nothing."""
    out = tmp_path / "out"
    with transaction.atomic():
        _full, blank = fill(seen, coordinator)
        strike_out_record(blank, seen, by=coordinator, version=1, reason="entered twice")
        record(seen, {"TEXT1": "third"}, coordinator)
        record(labs, {}, coordinator, not_done_reason="no blood was drawn")
        before = saved()
        write_folder(study, [site], out, by=coordinator, unblinded=False)
        transaction.set_rollback(True)
    assert not Record.objects.exclude(form=FORM).exists()
    comments = ("--comments", str(out / "form_comments.csv"))
    assert "3 new records, 0 recorded already" in import_records(
        out / "form_never_seen.csv", "NEVER_SEEN", *comments
    )
    assert "1 new records" in import_records(out / "form_labs.csv", "LABS")
    assert saved() == before
    assert "0 new records, 3 recorded already" in import_records(
        out / "form_never_seen.csv", "NEVER_SEEN", *comments
    )
    assert saved() == before
    events = Event.objects.filter(table_name="assessments_record", op="I").exclude(new__form=FORM)
    assert {event.reason.partition(" (")[0] for event in events if event.reason} == {"from the export"}


def test_the_columns_are_those_of_the_export(
    study: Study, site: Site, visit: Visit, coordinator: User, tmp_path: Path
) -> None:
    write_folder(study, [site], tmp_path / "out", by=coordinator, unblinded=False)
    header = (tmp_path / "out" / "form_labs.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",")[: len(HEAD)] == list(HEAD)


def test_the_example_of_the_page_is_one(labs: FormPlace, import_records: Import, tmp_path: Path) -> None:
    """Imported as docs/import.md has it, on the day of this participant's visit."""
    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(participant,period,.*?)```", text, re.DOTALL)
    assert example
    day = row_of(labs)["performed_on"]
    (tmp_path / "vitals.csv").write_text(re.sub(r"2026-03-09", day, example.group(1)), encoding="utf-8")
    assert "2 new records" in import_records(tmp_path / "vitals.csv", "VITALS")
    first = Record.objects.get(form="VITALS", repeat_key=1)
    assert first.items["WEIGHT"] == {"value": "165", "unit": "LB", "standard": "74.8"}


def test_a_dry_run_records_nothing(labs: FormPlace, import_records: Import, tmp_path: Path) -> None:
    file = file_of(tmp_path, row_of(labs, RESULT="7.5"))
    assert "1 new records" in import_records(file, "LABS", "--dry-run")
    assert not Record.objects.exclude(form=FORM).exists()


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"RESULT": "a lot"}, "RESULT", "Write a number"),
        ({"RESULT": "1,234"}, "RESULT", "This can be 1234 or 1.234"),
        ({"RESULT": "7", "RESULT_missing": "NOPE"}, "RESULT", ""),
        ({"participant": "99-999"}, "participant", "no such participant"),
        ({"site": "02"}, "site", "the participant is of site 01"),
        ({"visit": "DAY1"}, "visit", "the form is not asked at this visit"),
        ({"period": "7"}, "visit", "no such visit"),
        ({"form_version": "2"}, "form_version", "has version 1"),
        ({"performed_on": "soon"}, "performed_on", "This is not a date"),
        ({"performed_on": ""}, "performed_on", "Give the date."),
        ({"repeat_key": "1"}, "repeat_key", "filled in once"),
        ({"status": "done"}, "status", "no such status"),
        ({"status": "not_done"}, "status_reason", "say why"),
        ({"RESULT": "7", "status": "not_done", "status_reason": "x"}, "status", "there are values"),
        ({"RESULT": "7", "status_reason": "x"}, "status_reason", "neither not done"),
        ({"status": "incomplete"}, "status", "by the form it is complete"),
        ({"OTHER": "7"}, "OTHER", "no such column"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(
    cells: dict[str, str], column: str, reason: str, labs: FormPlace, import_records: Import, tmp_path: Path
) -> None:
    """Line, column, value, reason; and nothing is recorded."""
    answer = import_records(file_of(tmp_path, row_of(labs, **cells)), "LABS")
    line = 1 if column == "OTHER" else 2
    assert f"line {line}, column {column}" in answer
    assert reason in answer
    assert "nothing was imported" in answer
    assert not Record.objects.exclude(form=FORM).exists()


def test_the_day_is_checked_as_on_the_page(labs: FormPlace, import_records: Import, tmp_path: Path) -> None:
    tomorrow = today_at(labs.participant.site) + timedelta(days=1)
    answer = import_records(file_of(tmp_path, row_of(labs, performed_on=tomorrow.isoformat())), "LABS")
    assert "This date lies in the future." in answer


def test_all_or_nothing_and_every_mistake_at_once(
    seen: FormPlace, import_records: Import, tmp_path: Path
) -> None:
    rows = [
        row_of(seen, repeat_key="1", TEXT1="right", CHOICE1="", INTEGER1="", SUM=""),
        row_of(seen, repeat_key="2", TEXT1="wrong", CHOICE1="PURPLE", INTEGER1="5000", SUM=""),
        row_of(seen, repeat_key="4", TEXT1="key", CHOICE1="", INTEGER1="", SUM=""),
        row_of(seen, repeat_key="", TEXT1="sum", CHOICE1="", INTEGER1="1", SUM="77"),
    ]
    answer = import_records(file_of(tmp_path, *rows), "NEVER_SEEN")
    assert "line 3, column CHOICE1, value 'PURPLE': “PURPLE” is not one of the choices." in answer
    assert "line 4, column repeat_key, value '4': the next row is number 3" in answer
    assert "line 5, column SUM, value '77': by the form it is nothing" in answer
    assert "line 3, column INTEGER1, value '5000'" in answer
    assert "4 problems; nothing was imported." in answer
    assert not Record.objects.exclude(form=FORM).exists()


def test_what_is_recorded_otherwise_is_not_changed(
    labs: FormPlace, coordinator: User, import_records: Import, tmp_path: Path
) -> None:
    record(labs, {"RESULT": amount("7.5", "")}, coordinator)
    answer = import_records(file_of(tmp_path, row_of(labs, RESULT="8")), "LABS")
    assert "recorded already, with other values" in answer
    assert Record.objects.exclude(form=FORM).get().items["RESULT"]["value"] == "7.5"


def test_what_is_unusual_is_asked_about(labs: FormPlace, import_records: Import, tmp_path: Path) -> None:
    """As on the page: a query, unless a comment says why."""
    import_records(file_of(tmp_path, row_of(labs, RESULT="60")), "LABS")
    assert Query.objects.get(form="LABS", field="RESULT").check_id == "usual"


def test_who_may_not_enter_data_imports_none(
    labs: FormPlace, make_user: MakeUser, import_records: Import, tmp_path: Path
) -> None:
    make_user("monitor", username="watcher")
    answer = import_records(file_of(tmp_path, row_of(labs, RESULT="8")), "LABS", "--by", "watcher")
    assert "watcher may not enter data there" in answer
    assert not Record.objects.exclude(form=FORM).exists()
