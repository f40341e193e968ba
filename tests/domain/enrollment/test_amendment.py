"""What an amendment changes, value by value."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.amendment import Difference, Entry, differences
from enrollment.protocol.file import parse
from enrollment.protocol.model import Protocol
from enrollment.versions.words import LABELS, changed_values
from tests.domain.enrollment.protocol.documents import FOLDER
from trialsite.lib.document import toml

SHIPPED = parse(toml.loads((FOLDER / "ketamine_naltrexone.toml").read_text(encoding="utf-8")))
VISIT = SHIPPED.visits[1]


def amended(**changed: Any) -> list[Difference]:
    return differences(SHIPPED, replace(SHIPPED, **changed))


def test_the_same_protocol_has_no_difference() -> None:
    assert differences(SHIPPED, SHIPPED) == []


def test_a_value_of_an_entry_is_named_by_its_path() -> None:
    later = (SHIPPED.visits[0], replace(VISIT, after=VISIT.after + 1), *SHIPPED.visits[2:])
    assert amended(visits=later) == [
        Difference(("visits", Entry(VISIT.code), "after"), VISIT.after, VISIT.after + 1)
    ]


def test_an_entry_that_came_or_went_is_one_difference() -> None:
    assert amended(visits=SHIPPED.visits[1:]) == [
        Difference(("visits", Entry(SHIPPED.visits[0].code)), SHIPPED.visits[0], None)
    ]
    added = replace(VISIT, code="DAY21", day=21)
    assert amended(visits=(*SHIPPED.visits, added)) == [Difference(("visits", Entry("DAY21")), None, added)]


def test_entries_in_another_order_are_a_difference() -> None:
    assert amended(arms=SHIPPED.arms[::-1]) == [Difference(("arms",), SHIPPED.arms, SHIPPED.arms[::-1])]


def test_a_part_that_came_or_went_as_a_whole_is_one_difference() -> None:
    assert amended(washout=None) == [Difference(("washout",), SHIPPED.washout, None)]
    [change] = changed_values(amended(washout=None))
    assert (change.section, change.what, change.after) == ("Washout", "", "not there")
    assert "shortest, in days: 14" in change.before


@given(
    st.sets(st.sampled_from(["title", "planned_enrolment", "washout", "stopping", "criteria", "parameters"]))
)
def test_nothing_that_differs_is_left_out_and_nothing_else_is_named(names: set[str]) -> None:
    values: dict[str, Any] = {
        "title": "Another", "planned_enrolment": 31, "washout": None, "stopping": None,
        "criteria": SHIPPED.criteria[:-1], "parameters": {"dose_per_kg": 0.6},
    }  # fmt: skip
    changed = {name: values[name] for name in names}
    assert {difference.path[0] for difference in amended(**changed)} == names


def _keys(kind: Any, seen: set[Any]) -> set[str]:
    """Every key that the protocol file can have, at any depth."""
    if is_dataclass(kind) and kind not in seen:
        seen.add(kind)
        hints = get_type_hints(kind)
        return {field.name for field in fields(kind)}.union(*(_keys(hint, seen) for hint in hints.values()))
    return set().union(*(_keys(part, seen) for part in get_args(kind)))


def test_every_key_of_the_file_has_its_words() -> None:
    assert set(LABELS) == _keys(Protocol, set())


@pytest.mark.parametrize("path", [("version",)])
def test_the_version_itself_is_no_change(path: tuple[str, ...]) -> None:
    assert changed_values([Difference(path, "1.0", "1.1")]) == []
