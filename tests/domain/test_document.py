"""A dataclass is the format of a file: what it says is read, and each mistake is named by its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator

from trialsite.lib.document import toml
from trialsite.lib.document.json_schema import schema_of
from trialsite.lib.document.limits import CODE, Bounds, TextLimit
from trialsite.lib.document.reader import DocumentReading, read_document

Code = Annotated[str, TextLimit(20, CODE, "a code")]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form."""

    code: Code
    kind: Literal["number", "choice"]
    choices: Mapping[str, Annotated[int, Bounds(0, 9)]] | None = None
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A form with fields."""

    title: Annotated[str, TextLimit(40)]
    span: tuple[Annotated[float, Bounds(0, 1)], Annotated[float, Bounds(0, 1)]]
    fields: tuple[Field, ...] = ()


FILE = """
title = "Weight"
span = [0, 0.5]
[[fields]]
code = "KG"
kind = "number"
[[fields]]
code = "SCALES"
kind = "choice"
needed = false
[fields.choices]
home = 1
clinic = 2
"""


def read(**changes: Any) -> DocumentReading:
    """The file read with some of its top-level keys changed; None takes a key out."""
    content = {**toml.loads(FILE), **changes}
    return read_document(Form, {key: value for key, value in content.items() if value is not None})


def messages(reading: DocumentReading) -> list[str]:
    return [str(problem) for problem in reading.problems]


def test_a_document_becomes_the_dataclasses_that_describe_it() -> None:
    """Tables, lists of both kinds, free keys and defaults; a whole number where a number is meant is one."""
    reading = read()
    scales = Field("SCALES", "choice", {"home": 1, "clinic": 2}, False)
    assert Form(**reading.values) == Form("Weight", (0.0, 0.5), (Field("KG", "number"), scales))
    assert isinstance(reading.values["span"][0], float)
    assert not reading.problems
    assert not reading.unread


def test_all_mistakes_come_at_once_each_by_its_key() -> None:
    fields = [{"code": "KG", "kind": "text"}, {"code": "B", "kind": "choice", "choices": {"a b": 10}}, 3]
    reading = read(title=None, span=[0], fields=fields, field=1)
    assert messages(reading) == [
        "field: found an unknown key, expected a known key: did you mean 'fields'?",
        "title: found nothing, expected a text in quotation marks, at most 40 characters",
        "span: found a list of 1, expected a list of: 2 × a number, 0 to 1",
        "fields.KG.kind: found 'text', expected one of 'number', 'choice'",
        "fields.B.choices.a b: found 'a b', expected a code of letters, digits, _ or - in quotation marks, "
        "at most 20 characters",
        "fields.B.choices.a b: found 10, expected a whole number, 0 to 9",
        "fields[3]: found 3, expected a table",
    ]
    assert reading.unread == {"field", "title", "span", "fields"}
    assert reading.values["title"] is None


def test_a_key_of_the_top_that_slipped_under_a_table_is_told_its_place() -> None:
    reading = read(fields=[{"code": "KG", "kind": "number", "title": "Weight"}])
    expected = "this key at the top of the file, before the first line in [brackets]"
    assert messages(reading) == [f"fields.KG.title: found an unknown key, expected {expected}"]


@pytest.mark.parametrize("document", [None, 7, [], "title"])
def test_what_is_no_table_is_one_mistake(document: Any) -> None:
    assert [problem.key for problem in read_document(Form, document).problems] == ["the file"]


def test_the_schema_for_editors_says_what_the_reader_says() -> None:
    schema = schema_of(Form, "A form")
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(toml.loads(FILE))
    for changes in ({"title": ""}, {"span": [0, 2]}, {"fields": [{"code": "KG"}]}, {"field": 1}):
        content = {**toml.loads(FILE), **changes}
        assert not validator.is_valid(content)
        assert read_document(Form, content).problems
