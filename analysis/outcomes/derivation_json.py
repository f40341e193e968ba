"""JSON columns of many rows at once, as PostgreSQL writes jsonb: keys by length, then bytes; ": " and ", ".

So a derived text equals the stored one when nothing has changed. Were it ever written otherwise, rows would be
replaced by the same and nothing worse.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from analysis.domain.response import VisitOutcome
from analysis.outcomes.derivation_read import MISSING, Array


def objects(parts: Mapping[str, Array], n: int) -> list[str]:
    """`n` objects with all the keys of `parts`, whose values are columns of JSON texts."""
    text = _constant("{", n)
    for index, key in enumerate(_ordered(parts)):
        text = text + f"{', ' if index else ''}{_quoted(key)}: " + parts[key]
    return list((text + "}").tolist())


def optional_objects(parts: Mapping[str, Array], n: int) -> list[str]:
    """The same, where an empty text means that the row does not have the key."""
    text = _constant("", n)
    for key in _ordered(parts):
        present = parts[key] != ""
        text = text + np.where(present, f", {_quoted(key)}: " + parts[key], "")
    return [f"{{{entries[2:]}}}" for entries in text.tolist()]


def visit_text(outcomes: Array) -> Array:
    """Each of `outcomes` as an object."""
    return _column([_visit_text(outcome) for outcome in outcomes.tolist()])


@lru_cache(maxsize=8192)
def _visit_text(outcome: VisitOutcome) -> str:
    names = ("total", "change", "response", "remission", "percent_change")
    return "{" + ", ".join(f"{_quoted(name)}: {json.dumps(getattr(outcome, name))}" for name in names) + "}"


def subscale_text(sums: Array, baseline: int, primary: int, others: Mapping[str, int]) -> Array:
    """A subscale of each row as an object: baseline, change at the primary visit, and its sum by visit; the last
    three are columns of `sums`."""
    known = (sums[:, baseline] != MISSING) & (sums[:, primary] != MISSING)
    change = _column(
        [
            str(value) if there else "null"
            for value, there in zip(
                (sums[:, primary] - sums[:, baseline]).tolist(), known.tolist(), strict=True
            )
        ]
    )
    visits = objects({code: _numbers(sums[:, place]) for code, place in others.items()}, len(sums))
    parts = {"baseline": _numbers(sums[:, baseline]), "change": change, "visits": _column(visits)}
    return _column(objects(parts, len(sums)))


def _numbers(values: Array) -> Array:
    texts = _column([str(value) for value in range(int(values.max(initial=0)) + 1)] + ["null"])
    return texts[values]  # MISSING is the last: index -1


def _ordered(parts: Mapping[str, object]) -> list[str]:
    return sorted(parts, key=lambda key: (len(key.encode()), key.encode()))


def _quoted(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def _column(values: list[str]) -> Array:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _constant(text: str, n: int) -> Array:
    return _column([text] * n)
