"""The JSON Schema that editors check a protocol file by says what the reader of the file says, key by key."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from enrollment.protocol.schema import schema
from tests.domain.enrollment.protocol.documents import (
    SHIPPED,
    document,
    holder,
    ketnal,
    nodes,
    problems_of,
    replace,
)

VALIDATOR = Draft202012Validator(schema())
NODES = [(name, steps) for name in SHIPPED for steps, _value in nodes(document(name))]
VALUES: tuple[Any, ...] = (
    True,
    0,
    -1,
    7,
    10**9,
    1.5,
    "",
    "x",
    "DAY1",
    "no code",
    "x" * 3000,
    [],
    ["x"],
    [1],
    {},
    {"a": 1},
)


def test_it_is_a_schema_and_the_command_prints_it() -> None:
    Draft202012Validator.check_schema(schema())
    printed = StringIO()
    call_command("protocol_schema", stdout=printed)
    assert json.loads(printed.getvalue()) == schema()


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_fit(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document(name))] == []


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_an_editor_marks_nothing_that_the_reader_takes(data: st.DataObject) -> None:
    """Any one value of a shipped file, replaced: what the schema refuses is refused when the file is loaded."""
    name, steps = data.draw(st.sampled_from(NODES))
    content = document(name)
    replace(content, steps, data.draw(st.sampled_from(VALUES)))
    if not VALIDATOR.is_valid(content):
        assert problems_of(content)


MISTAKES: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("planned_enrolment",), "30"),
    (("planned_enrolment",), 0),
    (("blinding",), "triple"),
    (("synthetic",), "true"),
    (("code",), "no code"),
    (("title",), ""),
    (("washout", "min_days"), -1),
    (("washout", "anchor"), "dose"),
    (("washout", "min_dayz"), 14),
    (("stopping", "compare"), ["PLA"]),
    (("stopping", "halts"), ["everything"]),
    (("endpoints", "remission_max"), 7.5),
    (("visits",), {}),
    (("sources",), []),
)


@pytest.mark.parametrize(("keys", "value"), MISTAKES)
def test_a_mistake_is_marked_in_the_editor(keys: tuple[str, ...], value: Any) -> None:
    content = ketnal()
    place: Any = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    assert not VALIDATOR.is_valid(content)
    assert problems_of(content)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_key_is_needed_in_the_editor_where_the_reader_needs_it(name: str) -> None:
    """Each key of each table, left out."""
    for steps, _value in nodes(document(name)):
        if isinstance(steps[-1], str) and steps[0] != "sources":
            content = document(name)
            del holder(content, steps)[steps[-1]]
            missing = {problem for problem in problems_of(content) if problem.endswith(steps[-1])}
            if not VALIDATOR.is_valid(content):
                assert missing, steps
