"""What is wrong in a document, by the key where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake of a document: where, what was found, what was expected."""

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}, expected {self.expected}"


class DocumentError(Exception):
    """All mistakes of a document, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def display(value: Any) -> str:
    """A value as a reader of the file sees it, cut when long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple) and not all(isinstance(item, str | int | float) for item in value):
        return "a list"
    if isinstance(value, list | tuple):
        text = "[" + ", ".join(map(display, value)) + "]"
    else:
        text = "a number of very many digits" if _is_huge(value) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _is_huge(value: Any) -> bool:
    """Python refuses to print integers of more than some thousand digits."""
    return isinstance(value, int) and abs(value) >= 10**30
