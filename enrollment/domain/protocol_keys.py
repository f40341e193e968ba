"""How places and values of a protocol file are named in messages and in its [sources] table."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from enrollment.domain.limits import CODE

# A likeness is looked for in so many mistakes of one kind: it takes time, and more of them are another mistake.
HINTS = 20


def element_names(elements: Sequence[Any]) -> list[str | None]:
    """What the file calls each element of a list of tables: its code, id or number, if no other has it."""
    names = [_own_name(element) for element in elements]
    count = Counter(names)
    return [name if count[name] == 1 else None for name in names]


def element_keys(key: str, elements: Sequence[Any]) -> list[str]:
    """`visits.DAY1` for a table with a code of its own, else `visits[2]`, counted from 1."""
    return [
        f"{key}[{position}]" if name is None else f"{key}.{name}"
        for position, name in enumerate(element_names(elements), start=1)
    ]


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
