"""Records of forms in an export: one table a form, every item described, over all versions of the form."""

import importlib.util
import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.exports.archive import write_folder
from assessments.domain.partial_date import PartialDate
from assessments.domain.value_text import export_text
from assessments.domain.values import Value
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, definitions_of, values_of
from assessments.entry.services import save_record, strike_out_record
from enrollment.models import Participant, Visit
from tests.analysis.exported import Exported
from tests.assessments.loaded import LABS, baseline_of, keep_version, load_forms, place
from tests.assessments.never_seen import fill, record
from tests.conftest import make_screened
from tests.domain.assessments.forms.documents import never_seen
from tests.domain.assessments.forms.filled import amount
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db
Take = Callable[[], Exported]


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
def take(study: Study, site: Site, coordinator: User, tmp_path: Path) -> Take:
    def export() -> Exported:
        write_folder(study, [site], tmp_path / "out", by=coordinator, unblinded=False)
        return Exported(tmp_path / "out")

    return export


def test_every_value_is_exported_as_it_is_kept(seen: FormPlace, coordinator: User, take: Take) -> None:
    """Codes, ISO 8601, digits as typed; a blank is empty, zero is 0, a reason stands in a column of its own."""
    full, _blank = fill(seen, coordinator)
    first, second = take().rows("form_never_seen")
    for code, value in values_of(full).items():
        assert first[code] == export_text(value), code
    assert (first["DECIMAL1"], first["DECIMAL1_unit"], first["DECIMAL1_standard"]) == ("165.0", "LB", "74.8")
    assert (first["INTEGER1"], first["CHOICES1"], first["PARTIAL_DATE2"]) == ("0", "RED; BLUE", "2026")
    assert (first["SUM"], first["SAME"], first["DATETIME1"]) == ("12", "Y", "2026-03-01T14:05-08:00")
    assert (first["TEXT2"], first["TEXT2_missing"], first["TEXT3_missing"]) == ("", "UNK", "")
    assert (second["TEXT1"], second["DATE1"], second["DATE1_missing"]) == ("blank", "", "ND")
    assert not any(second[code] for code in ("INTEGER1", "DECIMAL1", "DECIMAL1_unit", "CHOICES1", "YES_NO1"))


def test_a_row_says_where_it_belongs_and_how_it_stands(
    seen: FormPlace, coordinator: User, take: Take
) -> None:
    """Rows that were struck out are there, marked."""
    _full, blank = fill(seen, coordinator)
    strike_out_record(blank, seen, by=coordinator, version=1, reason="entered twice")
    rows = take().rows("form_never_seen")
    assert [(row["repeat_key"], row["status"], row["status_reason"]) for row in rows] == [
        ("1", "complete", ""),
        ("2", "struck_out", "entered twice"),
    ]
    assert {(row["participant"], row["period"], row["visit"], row["form_version"]) for row in rows} == {
        (seen.participant.code, "1", "BASELINE", "1")
    }
    period = seen.visit.period if seen.visit else None
    assert period
    assert period.dosed_on
    assert rows[0]["performed_on"] == period.dosed_on.isoformat()


def test_what_was_not_done_and_a_form_of_the_participant(visit: Visit, coordinator: User, take: Take) -> None:
    definitions = definitions_of(visit.participant)
    labs = place(visit.participant, visit, definitions["LABS"])
    record(labs, {}, coordinator, not_done_reason="no blood was drawn")
    (row,) = take().rows("form_labs")
    assert (row["status"], row["status_reason"], row["RESULT"]) == ("not_done", "no blood was drawn", "")
    columns = take().columns("form_adverse_event")
    assert columns[:4] == ["participant", "site", "period", "visit"]


def test_comments_on_kept_values_are_a_table_of_their_own(
    seen: FormPlace, coordinator: User, take: Take
) -> None:
    fill(seen, coordinator)
    (row,) = take().rows("form_comments")
    assert (row["form"], row["repeat_key"], row["item"], row["check"], row["comment"]) == (
        *("NEVER_SEEN", "1", "INTEGER1", "usual", "zero, as measured"),
    )


def test_an_item_that_a_later_version_dropped_or_asks_otherwise_stays(
    visit: Visit, study: Study, coordinator: User, take: Take
) -> None:
    """One table over all versions: items of the latest first; the codebook says which versions have each."""
    participant = visit.participant
    labs = definitions_of(participant)["LABS"]
    renamed = {
        **LABS,
        "version": "2",
        "items": [
            {"code": "HB", "type": "integer", "label": "Haemoglobin"},
            {"code": "status", "type": "text", "label": "State of the sample"},
        ],
    }
    retyped = {
        **LABS,
        "version": "3",
        "items": [{"code": "HB", "type": "text", "label": "Haemoglobin, in words"}],
    }
    kept: list[dict[str, Value]] = [
        {"RESULT": amount("7.5", "")},
        {"HB": 12, "status": "fresh"},
        {"HB": "low"},
    ]
    visits = list(participant.visits.exclude(period=None).order_by("id")[:3])
    period = visit.period
    assert period
    for where, definition, values in zip(
        visits,
        (labs, *(keep_version(study, document) for document in (renamed, retyped))),
        kept,
        strict=True,
    ):
        at = place(participant, where, definition)
        entry = RecordEntry(values=values, performed_on=period.dosed_on)
        save_record(at, entry, by=coordinator, form_token=uuid.uuid4())
    taken = take()
    rows = taken.rows("form_labs")
    assert [(r["form_version"], r["HB"], r["status_"], r["RESULT"], r["status"]) for r in rows] == [
        ("1", "", "", "7.5", "complete"),
        ("2", "12", "fresh", "", "complete"),
        ("3", "low", "", "", "complete"),
    ]
    described = {r["column"]: r for r in taken.rows("codebook") if r["form"] == "LABS"}
    assert described["HB"]["label"] == "Haemoglobin, in words"
    assert (described["HB"]["form_versions"], described["RESULT"]["form_versions"]) == ("2, 3", "1")
    assert described["HB"]["type"] == "text"


def test_the_codebook_says_of_every_item_what_its_form_says(
    seen: FormPlace, coordinator: User, take: Take
) -> None:
    """Label, type, unit, range, code list, CDISC codes, CDASH and SDTM names, reasons; nothing is without a label."""
    taken = take()
    described = {(row["file"], row["column"]): row for row in taken.rows("codebook")}
    there = {(f"{name}.csv", column) for name in taken.tables for column in taken.columns(name)}
    assert set(described) == there
    assert all(row["label"] for row in described.values())
    number = described["form_never_seen.csv", "INTEGER1"]
    assert (number["type"], number["item_type"], number["unit"]) == ("integer", "integer", "mmHg")
    assert (number["values"], number["missing_reasons"]) == ("0 to 1000; usually from 10", "ND, UNK")
    standard = described["form_never_seen.csv", "DECIMAL1_standard"]
    assert (standard["type"], standard["unit"], standard["values"]) == (
        *("number", "kg, LB, st", "20 to 300; usually to 200"),
    )
    pressure = described["form_vitals.csv", "SYSBP"]
    assert (pressure["cdash"], pressure["sdtm_domain"], pressure["sdtm_test"]) == (
        "SYSBP_VSORRES",
        "VS",
        "SYSBP",
    )
    codes = {(row["file"], row["column"], row["code"]): row for row in taken.rows("codes")}
    assert codes["form_never_seen.csv", "CHOICES1", "BLUE"]["label"] == "Blue"
    assert codes["form_never_seen.csv", "TEXT1_missing", "UNK"]["label"] == "Unknown"
    assert codes["form_never_seen.csv", "YES_NO1", "Y"]["cdisc_code"] == "C49488"
    assert codes["form_never_seen.csv", "SAME", "N"]["label"] == "No"
    assert taken.manifest["files"]["form_never_seen.csv"]["rows"] == 0


def test_pandas_reads_the_types_of_forms(seen: FormPlace, coordinator: User, take: Take) -> None:
    fill(seen, coordinator)
    taken = take()
    spec = importlib.util.spec_from_file_location("read_export_of_forms", taken.folder / "read_export.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    frame = script.read_export(taken.folder)["form_never_seen"]
    first = frame.iloc[0]
    assert (first["INTEGER1"], first["DECIMAL1"], first["DECIMAL1_standard"]) == (0, 165.0, 74.8)
    assert list(frame["CHOICE1"].cat.categories) == ["RED", "GREEN", "BLUE"]
    assert first["CHOICES1"] == "RED; BLUE"
    assert list(frame["CHOICES1"].str.get_dummies("; ").iloc[0]) == [1, 1]
    assert (first["DATE1"].isoformat()[:10], first["PARTIAL_DATE1"]) == ("2026-03-09", "2026-04")
    assert first["DATETIME1"].isoformat() == "2026-03-01T22:05:00+00:00"
    assert list(frame["TEXT2_missing"].cat.categories) == ["ND", "UNK"]
    assert frame.iloc[1]["DATE1_missing"] == "ND"


def test_r_reads_the_types_of_forms(seen: FormPlace, coordinator: User, take: Take) -> None:
    """Where R is installed; elsewhere its script is held against the kinds of columns that there are."""
    fill(seen, coordinator)
    taken = take()
    source = (taken.folder / "read_export.R").read_text(encoding="utf-8")
    assert all(f'"{kind}"' in source for kind in ("local_moment", "codes"))
    if (rscript := shutil.which("Rscript")) is None:
        return
    program = (
        'source("read_export.R"); d <- read_export(".")$form_never_seen;'
        ' cat(d$INTEGER1[1], d$DECIMAL1_standard[1], levels(d$CHOICE1), has_code(d$CHOICES1, "BLUE")[1],'
        ' d$PARTIAL_DATE1[1], format(d$DATETIME1[1], "%Y-%m-%dT%H:%M"), as.character(d$TEXT2_missing[1]))'
    )
    lines = subprocess.run(
        [rscript, "--vanilla", "-e", program], cwd=taken.folder, capture_output=True, text=True, check=True
    ).stdout
    assert lines == "0 74.8 RED GREEN BLUE TRUE 2026-04 2026-03-01T22:05 UNK"


def test_for_a_spreadsheet_no_code_becomes_a_number_or_a_date(
    visit: Visit, study: Study, site: Site, coordinator: User, tmp_path: Path
) -> None:
    choices = [{"code": "01", "label": "First"}, {"code": "02", "label": "Second"}]
    numbered = {
        **LABS,
        "code": "NUMBERED",
        "code_lists": [{"code": "NUMBERS", "items": choices}],
        "items": [
            {"code": "SEVERAL", "type": "choices", "label": "Several", "code_list": "NUMBERS"},
            {"code": "ONSET", "type": "partial_date", "label": "Onset"},
        ],
    }
    at = place(visit.participant, visit, keep_version(study, numbered))
    record(at, {"SEVERAL": ("01",), "ONSET": PartialDate(2026, 4)}, coordinator)
    write_folder(study, [site], tmp_path / "sheet", by=coordinator, unblinded=False, profile="spreadsheet")
    (row,) = Exported(tmp_path / "sheet").rows("form_numbered")
    assert (row["SEVERAL"], row["ONSET"]) == ("'01", "'2026-04")


def test_a_form_of_any_name_has_a_file_of_its_own(study: Study, visit: Visit, take: Take) -> None:
    """Also one that is called as the table of comments."""
    keep_version(study, {**LABS, "code": "COMMENTS"})
    assert {"form_comments", "form_comments_"} <= take().tables


def test_participants_without_records_are_in_no_table(
    visit: Visit, site: Site, coordinator: User, take: Take
) -> None:
    other: Participant = make_screened(site, coordinator)
    assert other.code not in {row["participant"] for row in take().rows("form_never_seen")}
