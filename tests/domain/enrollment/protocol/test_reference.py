"""docs/protocol-file.md says what the program reads, key by key."""

import re
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from enrollment.protocol import deviations, infusion, model
from enrollment.protocol.sources import SOURCES
from tests.domain.enrollment.protocol.documents import ketnal, problems_of
from trialsite.lib.document.reader import expected_text

REFERENCE = Path(__file__).parents[4] / "docs" / "protocol-file.md"
TABLES = {
    name: value
    for module in (model, deviations, infusion)
    for name, value in vars(module).items()
    if isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
}


def rows(name: str) -> list[list[str]]:
    """The cells of the table under `<!-- name -->`, without its head."""
    text = REFERENCE.read_text(encoding="utf-8")
    table = re.search(rf"<!-- {name} -->\n((?:\|.*\n)+)", text)
    assert table, f"docs/protocol-file.md has no table of {name}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


def needed(field: "Field[Any]") -> str:
    if field.default is MISSING:
        return "yes"
    if field.default is None:
        return "no"
    return f"no: `{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_reference_lists_every_key_with_what_it_may_be(name: str) -> None:
    """Keys, accepted values and defaults are the dataclass's, in its order; each has a meaning."""
    kind = TABLES[name]
    hints = get_type_hints(kind, include_extras=True)
    expected = [[f"`{f.name}`", expected_text(hints[f.name]), needed(f)] for f in fields(kind)]
    assert [row[:3] for row in rows(name)] == expected
    assert all(row[3] for row in rows(name))


def test_the_reference_lists_every_kind_of_source() -> None:
    """Those that the program accepts, in its order."""
    assert [row[0] for row in rows("SOURCES")] == [f"`{kind}`" for kind in SOURCES]


def test_the_messages_shown_in_the_reference_are_those_of_the_program() -> None:
    """The three examples come out word for word."""
    content = ketnal()
    content["washout"]["min_days"] = "x"
    content["visits"][1]["instruments"] = ["HAMD71"]
    content["planed_enrolment"] = 30
    text = REFERENCE.read_text(encoding="utf-8")
    problems = problems_of(content)
    for key in ("washout.min_days", "visits.DAY1.instruments[1]", "planed_enrolment"):
        assert f"\n{problems[key]}\n" in text
