"""The page on the treatment comparison: its examples run, and it leaves no function out."""

import doctest
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from analysis.domain import binary, crossover, mixed, populations

PAGE = Path(__file__).parents[3] / "docs" / "statistics" / "comparison.md"


def test_examples_of_the_page_run() -> None:
    """Every example gives what the page says."""
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("module", [binary, crossover, mixed, populations])
def test_every_public_function_has_its_place_on_the_page(module: ModuleType) -> None:
    """A heading with the function's name, or a call in an example."""
    text = PAGE.read_text(encoding="utf-8")
    own = [
        name
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__
    ]
    short = module.__name__.rpartition(".")[2]
    missing = [
        name
        for name in own
        if name[0] != "_" and f"### {name}\n" not in text and f"{short}.{name}(" not in text
    ]
    assert missing == []
