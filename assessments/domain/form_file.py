"""From a form file's tables to a Form: every mistake is found at once, each by its key."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assessments.domain import form_checks, form_expressions
from assessments.domain.form import Form
from assessments.domain.form_logic import SCREENING, Catalogue, FormScope, circles_between, outline
from trialsite.lib.document import toml
from trialsite.lib.document.json_schema import schema_of
from trialsite.lib.document.problems import DocumentError, Problem
from trialsite.lib.document.reader import read_document

FOLDER = Path(__file__).resolve().parent.parent / "forms"


class FormError(DocumentError):
    """All mistakes of a form file, one a line."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a form is checked against when it is loaded; None: not known, and not asked.

    `catalogue`: the other forms that it may name, by code. `visits`: codes of the protocol's visits. `missing_reasons`:
    codes of its reasons. `layouts`: names of the page templates there are. `periods`: numbers of the protocol's periods,
    `parameters`: names of its parameters.
    """

    catalogue: Catalogue | None = None
    visits: Collection[str] | None = None
    missing_reasons: Collection[str] | None = None
    layouts: Collection[str] | None = None
    periods: Collection[int] | None = None
    parameters: Collection[str] | None = None

    def scope(self, form: Form, unread: frozenset[str]) -> FormScope:
        """What names mean in the form."""
        visits = None if self.visits is None else frozenset({*self.visits, SCREENING})
        periods = None if self.periods is None else frozenset(self.periods)
        parameters = None if self.parameters is None else frozenset(self.parameters)
        return FormScope(form, self.catalogue, visits, periods, parameters, unread)


ALONE = Surroundings()


def parse(document: object, surroundings: Surroundings = ALONE) -> Form:
    """Read a document (of a file, or the JSON kept of one).

    Raises FormError with all mistakes, and no other exception whatever the document holds. What could not be read is left
    out of the checks that hold one part of the file against another.
    """
    reading = read_document(Form, document)
    problems = list(reading.problems)
    if reading.values:
        form = _readable(reading.values)
        unread = _unread(document, form)
        problems += form_checks.problems(form, unread, surroundings.missing_reasons, surroundings.layouts)
        problems += form_expressions.problems(surroundings.scope(form, unread))
    if problems:
        raise FormError(list(dict.fromkeys(problems)))
    return Form(**reading.values)


def read_form(text: str, surroundings: Surroundings = ALONE) -> Form:
    """The form in a file's text. Raises FormError; a text that is no TOML is its one mistake."""
    try:
        document = toml.loads(text)
    except toml.TomlError as error:
        raise FormError([Problem("the file", str(error), "a form as TOML")]) from None
    return parse(document, surroundings)


def schema() -> dict[str, Any]:
    """The JSON Schema of a form file, for editors."""
    return schema_of(Form, "Trialsite form")


@cache
def load(code: str) -> Form:
    """The shipped form `code`. Raises FileNotFoundError when there is none."""
    path = FOLDER / f"{code.lower()}.toml"
    if not code.replace("_", "").isalnum() or not path.exists():
        raise FileNotFoundError(f"no form {code!r}")
    return read_form(path.read_text(encoding="utf-8"))


def shipped() -> dict[str, Form]:
    """Every shipped form, by code."""
    return {form.code: form for form in map(load, (path.stem for path in sorted(FOLDER.glob("*.toml"))))}


def catalogue_of(forms: Iterable[Form]) -> Catalogue:
    """The forms as others may name them."""
    return {form.code: outline(form) for form in forms}


def circle_problems(forms: Iterable[Form]) -> list[Problem]:
    """Items that depend on themselves by way of other forms, each circle at the item that it is told from."""
    return [
        Problem(
            f"{circle[0].partition('.')[0].lower()}.toml: items.{circle[0].partition('.')[2]}",
            f"the circle {' → '.join(circle)}",
            "items that do not depend on themselves",
        )
        for circle in circles_between(forms)
    ]


def _readable(values: Mapping[str, Any]) -> Form:
    """The form of those parts that could be read."""
    lists = (
        "items",
        "groups",
        "code_lists",
        "checks",
        "row_title",
        "missing_reasons",
        "apart_from",
        "alerts",
    )
    read = {name: tuple(part for part in values[name] or () if part is not None) for name in lists}
    return Form(**{**values, **read})


def _unread(document: object, form: Form) -> frozenset[str]:
    """Codes of items, groups and code lists that the file has and that could not be read."""
    if not isinstance(document, Mapping):
        return frozenset()
    named: set[str] = set()
    for name in ("items", "groups", "code_lists"):
        tables = document.get(name)
        if isinstance(tables, list | tuple):
            named |= {str(table.get("code")) for table in tables if isinstance(table, Mapping)}
    read = {
        *(item.code for item in form.items),
        *(group.code for group in form.groups),
        *(code_list.code for code_list in form.code_lists),
    }
    return frozenset(named - read)
