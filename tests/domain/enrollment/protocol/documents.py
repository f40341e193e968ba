"""The shipped protocol files as documents that a test may change, and ways to change them."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from enrollment.protocol.file import parse
from enrollment.protocol.model import Protocol, ProtocolError
from trialsite.lib.document.problems import Problem

FOLDER = Path(__file__).parents[4] / "enrollment" / "protocols"
SHIPPED = ("ketamine_naltrexone", "reisby_imipramine")

Steps = tuple[str | int, ...]


def document(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def ketnal() -> dict[str, Any]:
    return document("ketamine_naltrexone")


def reisby() -> dict[str, Any]:
    return document("reisby_imipramine")


def problems_of(content: dict[str, Any]) -> dict[str, Problem]:
    """The mistakes found in the document, by key; empty when it is right."""
    try:
        parse(content)
    except ProtocolError as error:
        return {problem.key: problem for problem in error.problems}
    return {}


def protocol(name: str) -> Protocol:
    return parse(document(name))


def nodes(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every value under `value` with the steps that lead to it."""
    inside: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for step, inner in inside:
        yield (*steps, step), inner
        yield from nodes(inner, (*steps, step))


def holder(content: Any, steps: Steps) -> Any:
    """The table or list in which the last step is taken."""
    for step in steps[:-1]:
        content = content[step]
    return content


def replace(content: dict[str, Any], steps: Steps, value: Any) -> None:
    holder(content, steps)[steps[-1]] = value
