"""The pages on statistics: their examples run, and they leave no function out."""

import dis
import doctest
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from types import CodeType, ModuleType

import pytest

import analysis.domain

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "statistics").glob("*.md"))
MODULES = [
    import_module(f"analysis.domain.{module.name}")
    for module in pkgutil.iter_modules(analysis.domain.__path__)
]
# Published methods for a statistician's own scripts, where the report takes another, and the outcome of a single period,
# which the derivation of many is tested against.
NOT_IN_A_REPORT = {
    *("binary.mcnemar_chi2", "crossover.baseline_adjusted", "response.assess", "sequential.inflation"),
    *("futility.conditional_power", "futility.predictive_power", "futility.bayesian_predictive_probability"),
}
REFERENCES = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"}


def own_functions(module: ModuleType) -> list[str]:
    return [
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and name[0] != "_"
    ]


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.stem)
def test_examples_of_the_page_run(document: Path) -> None:
    """Every example gives what the page says."""
    assert doctest.testfile(str(document), module_relative=False, encoding="utf-8").failed == 0


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_public_function_is_in_the_index(module: ModuleType) -> None:
    """docs/statistics.md lists each public function of analysis/domain with where to read on."""
    index = (DOCS / "statistics.md").read_text(encoding="utf-8")
    short = module.__name__.rpartition(".")[2]
    assert [name for name in own_functions(module) if f"`{short}.{name}`" not in index] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_examples_in_docstrings_run(module: ModuleType) -> None:
    """What people copy gives what it says; a module with functions shows some."""
    examples = doctest.testmod(module)
    assert examples.failed == 0
    assert examples.attempted > 0 or not own_functions(module)


def referenced(code: CodeType) -> set[str]:
    """Names and attributes that compiled code refers to, its functions included."""
    inner = [referenced(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    steps = dis.get_instructions(code)
    names = {step.argval for step in steps if step.opname in REFERENCES}
    return names.union(*inner)


def test_a_function_that_nothing_calls_is_kept_on_purpose() -> None:
    """What no page, report or command needs goes, unless it is named above."""
    files = [
        file
        for app in ("trialsite", "enrollment", "assessments", "analysis")
        for file in (ROOT / app).rglob("*.py")
    ]
    names = set[str]().union(*(referenced(compile(file.read_bytes(), file, "exec")) for file in files))
    uncalled = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name in own_functions(module)
        if name not in names
    }
    assert uncalled == NOT_IN_A_REPORT
