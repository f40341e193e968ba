"""Every number of a protocol file says where it comes from.

The table [sources] maps a key to a text such as "registry: 18 to 70 years", or to a list of such texts.
Elements of lists are named by their code, id or number: `criteria.I03.minimum` speaks of one criterion,
`criteria.minimum` of all, `criteria` of everything in them. A number is covered by its own key or by an
ancestor.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from trialsite.lib.document.keys import HINTS, element_names, nearest
from trialsite.lib.document.problems import Problem, display

SOURCES = ("article", "paper", "registry", "reply", "our choice", "published series")

# Digits in these texts are numbers of the trial (doses, minutes, years); those of codes and labels are names.
PROSE = ("title", "description", "text")

# A place in the document: each step's key, and the element of the list under it.
Path = tuple[tuple[str, str | None], ...]


def problems(content: Mapping[str, Any], sources: Any) -> list[Problem]:
    """Numbers without a source, sources of nothing, and sources that are no known kind."""
    if not isinstance(sources, Mapping):
        return [Problem("sources", display(sources), "a table that says where each number comes from")]
    texts = dict(_flat(sources, ""))
    mistakes = [problem for key, value in texts.items() for problem in _misnamed(f"sources.{key}", value)]
    places = list(_places(content, ()))
    known = dict.fromkeys(key for path, _value in places for key in _keys(path))
    for key in texts:
        if key not in known:
            near = nearest(key, known) if len(mistakes) < HINTS else None
            hint = f"did you mean '{near}'?" if near else "the key of something in this file"
            mistakes.append(Problem(f"sources.{key}", "a key that names nothing in this file", hint))
    without = [
        path for path, value in places if _is_number(path, value) and texts.keys().isdisjoint(_keys(path))
    ]
    for key in dict.fromkeys(next(_keys(path)) for path in without):
        mistakes.append(Problem(f'sources."{key}"', "nothing", "the source of this number: " + _kinds()))
    return mistakes


def _flat(sources: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Dotted keys may be written with or without quotation marks; without, TOML makes tables of them."""
    for name, value in sources.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _misnamed(key: str, value: Any) -> Iterator[Problem]:
    for text in value if isinstance(value, list | tuple) and value else [value]:
        known = isinstance(text, str) and text.split(":", 1)[0].strip() in SOURCES
        if not known or "\x00" in text:
            yield Problem(key, display(text), _kinds())


def _kinds() -> str:
    return (
        "one of " + ", ".join(f"'{kind}'" for kind in SOURCES) + ", and a note after a colon where it helps"
    )


def _places(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value that is no table, with its place; elements of a list of plain values share the list's."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _places(inner, (*path, (str(name), None)))
    elif isinstance(value, list | tuple):
        for name, element in zip(element_names(value), value, strict=True):
            yield from _places(element, (*path[:-1], (path[-1][0], name)))
    else:
        yield path, value


def _is_number(path: Path, value: Any) -> bool:
    if isinstance(value, str):
        return path[-1][0] in PROSE and re.search(r"\d", value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _keys(path: Path) -> Iterator[str]:
    """All keys by which a source may cover the place, the closest first."""
    for length in range(len(path), 0, -1):
        ways = [
            (name,) if element is None else (f"{name}.{element}", name) for name, element in path[:length]
        ]
        yield from map(".".join, product(*ways))
