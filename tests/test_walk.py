"""The walk of one item through the code, as docs/architecture.md tells it: every name on it exists."""

import re
from functools import reduce
from importlib import import_module

import pytest

from tests.rooms import ROOT

SECTION = "## The walk of one item"
NAME = re.compile(r"`([\w./-]+(?::\w+)?)`")
LONGEST = 25


def steps() -> list[str]:
    """The first name of each step, and the others that stand for a function."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition(SECTION)[2]
    lines = re.findall(r"^\d+\. (.*)$", text.partition("\n## ")[0], re.MULTILINE)
    return [NAME.findall(line)[0] for line in lines]


def test_the_walk_is_short() -> None:
    assert 15 < len(steps()) < LONGEST


@pytest.mark.parametrize("name", steps())
def test_a_name_of_the_walk_exists(name: str) -> None:
    if ":" in name:
        file, _colon, function = name.partition(":")
        script = (ROOT / "trialsite/static" / file).read_text(encoding="utf-8")
        assert f"function {function}(" in script
    elif name.startswith("audit."):
        assert (ROOT / f"trialsite/audit/sql/functions/{name.removeprefix('audit.')}.sql").exists()
    else:
        parts = name.split(".")
        depth = next(n for n in range(len(parts), 0, -1) if _is_module(parts[:n]))
        assert callable(reduce(getattr, parts[depth:], import_module(".".join(parts[:depth]))))


def _is_module(parts: list[str]) -> bool:
    path = ROOT.joinpath(*parts)
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()
