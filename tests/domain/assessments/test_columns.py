"""The header of a long-form file, and the mapping from a foreign header to ours."""

import pytest

from assessments.domain.columns import ColumnMapping, Header, resolve
from assessments.domain.csvfile import ImportProblem
from assessments.domain.instrument import load

HAMD = {"HAMD17": load("HAMD17")}
KEYS = ["site", "participant", "period", "visit", "date", "instrument"]


def problems(names: list[str], **mapping: object) -> list[ImportProblem]:
    found = resolve(names, ColumnMapping(**mapping), HAMD)  # type: ignore[arg-type]
    assert isinstance(found, list), "the header was taken"
    return found


def header(names: list[str], **mapping: object) -> Header:
    found = resolve(names, ColumnMapping(**mapping), HAMD)  # type: ignore[arg-type]
    assert isinstance(found, Header), str(found)
    return found


@pytest.mark.parametrize("gone", KEYS)
def test_each_missing_column_is_named(gone: str) -> None:
    """A file without one of the keys; with two missing, both are named at once."""
    (found,) = problems([key for key in [*KEYS, "total"] if key != gone])
    assert (found.line, found.column) == (1, gone)
    assert "missing" in found.reason
    assert [p.column for p in problems(["participant", "visit", "date", "instrument", "total"])] == [
        "site",
        "period",
    ]


def test_a_file_needs_a_total_or_items() -> None:
    """Keys alone hold no rating."""
    (found,) = problems(KEYS)
    assert found.reason == "there is neither a total nor an item column"


def test_dates_may_be_absent_where_the_mapping_says_so() -> None:
    """Without `dates` the date column is not asked for."""
    assert "date" not in header([key for key in KEYS if key != "date"] + ["total"], dates=False).fields


def test_an_unknown_column_is_told_with_what_was_perhaps_meant() -> None:
    """Nothing of a file is left out in silence: a column is mapped, ignored on purpose, or a problem."""
    near, far = problems([*KEYS, "total", "particpant", "weight"])
    assert (near.column, far.column) == ("particpant", "weight")
    assert "did you mean “participant”" in near.reason
    assert "map it, or ignore it" in far.reason
    assert header([*KEYS, "total", "weight"], ignore=["weight"]).total == 6


def test_a_repeated_column_is_told_once() -> None:
    """By name; a repeated column that is ignored anyway is no matter."""
    (found,) = problems([*KEYS, "total", "total"])
    assert (found.column, found.reason) == ("total", "this column appears twice")
    assert header([*KEYS, "total", "x", "x"], ignore=["x"]).total == 6


@pytest.mark.parametrize(
    ("names", "mapping", "column"),
    [
        ([*KEYS, "total", "sum"], {"columns": {"sum": "total"}}, "sum"),
        ([*KEYS, "1", "HAMD101"], {}, "HAMD101"),
        ([*KEYS, "total"], {"values": {"site": "01"}}, "site"),
    ],
)
def test_two_sources_for_one_thing_are_told(
    names: list[str], mapping: dict[str, object], column: str
) -> None:
    """Which of the two would win is not for the reader to guess."""
    (found,) = problems(names, **mapping)
    assert found.column == column
    assert "already" in found.reason


def test_a_nameless_column_is_told_by_its_place() -> None:
    """The index column that a data frame leaves behind."""
    (found,) = problems(["", *KEYS, "total"])
    assert found.reason.startswith("column 1 has no name")
    assert header(["", *KEYS, "total"], ignore=[""]).total == 7


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_separator_is_recognised(mark: str) -> None:
    """A spreadsheet in a country with decimal commas saves semicolons."""
    reasons = [p.reason for p in problems([mark.join([*KEYS, "total"])])]
    assert any(f"separated by {mark!r}" in reason for reason in reasons)


def test_a_mapping_that_does_not_fit_the_file_is_told() -> None:
    """A column it names that is not there, a name that is none of ours, a value for what is no key."""
    found = problems([*KEYS, "total"], columns={"hamd": "total", "date": "day"}, values={"total": "{week}"})
    assert [(p.column, p.value) for p in found[:4]] == [
        ("date", "day"),
        ("total", "{week}"),
        ("hamd", ""),
        ("week", ""),
    ]


def test_a_value_is_made_of_the_files_columns() -> None:
    """Texts and columns in turn; a missing cell makes the whole value missing, never half of it."""
    names = ["site", "id", "arm", "week", "total"]
    values = {"visit": "W{week}-{arm}!", "period": "1", "instrument": "HAMD17"}
    found = header(names, columns={"id": "participant"}, values=values, dates=False)
    read = found.fields["visit"].read
    assert read(["01", "7", "a", " 3 ", "9"]) == "W3-a!"
    assert read(["01", "7", "a", "NA", "9"]) == ""
    assert found.fields["visit"].column == "week, arm"
    assert found.fields["period"].read([""] * 5) == "1"


def test_a_mapped_column_can_be_part_of_a_value_as_well() -> None:
    """A participant's code may serve to make the site's."""
    names = ["id", "visit", "total"]
    values = {"site": "S{id}", "period": "1", "instrument": "HAMD17"}
    found = header(names, columns={"id": "participant"}, values=values, dates=False)
    assert found.fields["participant"].read(["7", "BL", "9"]) == "7"
    assert found.fields["site"].read(["7", "BL", "9"]) == "S7"


def test_items_map_like_any_column() -> None:
    """A form's own question names lead to item codes or numbers."""
    found = header([*KEYS, "q1", "q16"], columns={"q1": "HAMD101", "q16": "16a"})
    assert [(p, item.code) for p, item in found.items["HAMD17"]] == [(6, "HAMD101"), (7, "HAMD116A")]
