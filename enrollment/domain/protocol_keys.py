"""How places and values of a protocol file are named in messages and in its [sources] table."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from enrollment.domain.limits import CODE


def element_name(elements: Sequence[Any], position: int) -> str | None:
    """What the file calls an element of a list of tables: its code, id or number, if no other has it."""
    names = [_own_name(element) for element in elements]
    name = names[position]
    return name if name is not None and names.count(name) == 1 else None


def element_key(key: str, elements: Sequence[Any], position: int) -> str:
    """`visits.DAY1` for a table with a code of its own, else `visits[2]`, counted from 1."""
    name = element_name(elements, position)
    return f"{key}[{position + 1}]" if name is None else f"{key}.{name}"


def section(key: str) -> str:
    """The top-level key in which `key` lies."""
    return re.split(r"[.\[]", key, maxsplit=1)[0]


def shown(value: Any) -> str:
    """A value as a reader of the file sees it, cut when long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple) and not all(isinstance(one, str | int | float) for one in value):
        return "a list"
    if isinstance(value, list | tuple):
        text = "[" + ", ".join(map(shown, value)) + "]"
    else:
        text = "a number of very many digits" if _is_huge(value) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _is_huge(value: Any) -> bool:
    """Python refuses to print integers of more than some thousand digits."""
    return isinstance(value, int) and abs(value) >= 10**30


def _own_name(element: Any) -> str | None:
    if not isinstance(element, Mapping):
        return None
    for name in ("code", "id", "number"):
        value = element.get(name)
        if isinstance(value, str) and re.fullmatch(CODE, value):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1000:
            return str(value)
    return None
