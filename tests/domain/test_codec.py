"""Values through JSON and back, and the name of their shape."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pytest

from trialsite.lib.codec import decode, encode, shape_of


@dataclass(frozen=True)
class Dose:
    on: date | None
    amount: float


@dataclass(frozen=True)
class Course:
    state: Literal["open", "closed"]
    doses: tuple[Dose, ...]
    span: tuple[str, int]
    note: str | None = None


COURSE = Course("open", (Dose(date(2026, 3, 1), 50.5), Dose(None, 0)), ("BASELINE", 14))


def test_a_value_comes_back_as_it_was() -> None:
    """Days, tuples of a length and of any, and what is missing."""
    assert decode(Course, json.loads(json.dumps(encode(COURSE)))) == COURSE


def test_a_key_that_is_missing_is_not_made_up() -> None:
    with pytest.raises(KeyError, match="span"):
        decode(Course, {"state": "open", "doses": [], "note": None})


def test_another_shape_has_another_name() -> None:
    """A type, a name or an option anywhere inside; the same shape has the same name in every process."""

    def course(amount: type, name: str, *options: str) -> type:
        dose: type = dataclass(type("Dose", (), {"__annotations__": {"on": date | None, name: amount}}))
        annotations = {"state": Literal[options], "doses": tuple[dose, ...], "span": tuple[str, int]}  # type: ignore[valid-type]
        return dataclass(type("Course", (), {"__annotations__": annotations}))

    states = ("open", "closed")
    kinds = [
        course(float, "amount", *states),
        course(int, "amount", *states),
        course(float, "dose", *states),
        course(float, "amount", *states, "late"),
    ]
    assert len({shape_of(kind) for kind in kinds}) == 4
    assert shape_of(course(float, "amount", *states)) == shape_of(kinds[0])
