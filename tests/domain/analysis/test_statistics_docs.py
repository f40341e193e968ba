"""The pages on statistics: their examples run, and they leave no function out."""

import doctest
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import analysis.domain

DOCS = Path(__file__).parents[3] / "docs"
PAGES = sorted((DOCS / "statistics").glob("*.md"))
MODULES = [
    import_module(f"analysis.domain.{found.name}") for found in pkgutil.iter_modules(analysis.domain.__path__)
]


def own_functions(module: ModuleType) -> list[str]:
    return [
        name
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__ and name[0] != "_"
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of_the_page_run(page: Path) -> None:
    """Every example gives what the page says."""
    assert doctest.testfile(str(page), module_relative=False, encoding="utf-8").failed == 0


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_public_function_is_in_the_index(module: ModuleType) -> None:
    """docs/statistics.md lists each public function of analysis/domain with where to read on."""
    index = (DOCS / "statistics.md").read_text(encoding="utf-8")
    short = module.__name__.rpartition(".")[2]
    assert [name for name in own_functions(module) if f"`{short}.{name}`" not in index] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_examples_in_docstrings_run(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
