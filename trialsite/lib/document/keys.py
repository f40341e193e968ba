"""How the places of a document are named in messages, and a near miss among the names there are."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from trialsite.lib.document.limits import CODE

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


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody who wrote `name` may have meant."""
    return next(iter(get_close_matches(name, names, n=1)), None)


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
