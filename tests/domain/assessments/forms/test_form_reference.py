"""docs/form-file.md says what the program reads, key by key."""

import re
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from assessments.domain import form
from assessments.domain.expression import Expression
from assessments.domain.expression_functions import FUNCTIONS, SPECIAL
from assessments.domain.expression_syntax import DEEPEST, LARGEST, LONGEST
from assessments.domain.form_file import FOLDER
from tests.domain.assessments.forms.documents import problems_of
from trialsite.lib.document import toml
from trialsite.lib.document.reader import expected_text

REFERENCE = (Path(__file__).parents[4] / "docs" / "form-file.md").read_text(encoding="utf-8")
TABLES = sorted(
    name
    for name, value in vars(form).items()
    if isinstance(value, type) and is_dataclass(value) and value.__module__ == form.__name__
)


def rows(name: str) -> list[list[str]]:
    """The cells of the table under `<!-- name -->`, without its head."""
    table = re.search(rf"<!-- {name} -->\n((?:\|.*\n)+)", REFERENCE)
    assert table, f"docs/form-file.md has no table of {name}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


def needed(field: "Field[Any]") -> str:
    if field.default is MISSING:
        return "yes"
    if field.default is None:
        return "no"
    return f"no: `{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


@pytest.mark.parametrize("name", TABLES)
def test_the_reference_lists_every_key_with_what_it_may_be(name: str) -> None:
    """Keys, accepted values and defaults are the dataclass's, in its order; each has a meaning."""
    kind = getattr(form, name)
    hints = get_type_hints(kind, include_extras=True)
    expected = [[f"`{f.name}`", expected_text(hints[f.name]), needed(f)] for f in fields(kind)]
    assert [row[:3] for row in rows(name)] == expected
    assert all(row[3] for row in rows(name))


def test_the_reference_lists_every_type_and_every_function() -> None:
    assert [row[0] for row in rows("types")] == [f"`{kind}`" for kind in get_args(form.ItemType)]
    assert [re.findall(r"\w+", row[0])[0] for row in rows("functions")] == [*FUNCTIONS, *SPECIAL]
    assert f"more than {LONGEST:,} characters, {DEEPEST} levels or {LARGEST} parts" in REFERENCE


def test_the_messages_shown_in_the_reference_are_those_of_the_program() -> None:
    """The three examples come out word for word."""
    content = toml.loads((FOLDER / "vitals.toml").read_text(encoding="utf-8"))
    items = {item["code"]: item for item in content["items"]}
    items["SYSBP"] |= {"maximum": 30}
    items["SYSBP"].pop("usual_minimum")
    items["SYSBP"].pop("usual_maximum")
    items["DIABP"]["require_when"] = "has(SISBP)"
    content["checks"][1]["holds"] = "SYSBP - DIABP"
    block = "\n".join(map(str, problems_of(content).values()))
    assert f"```\n{block}\n```" in REFERENCE


def test_the_expressions_shown_in_the_reference_are_expressions() -> None:
    (block,) = re.findall(r"\n## Expressions\n.*?```\n(.*?)```", REFERENCE, re.DOTALL)
    for line in block.splitlines():
        assert Expression.of(line).references
