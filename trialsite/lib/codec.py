"""Frozen dataclasses to plain JSON values and back, and a short name of their shape.

A kind is a dataclass, a tuple (of one length or any), a mapping by text, a day, a whole number, a number, a text, yes or
no, a literal, or any of these or None.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from trialsite.lib import canonical

T = TypeVar("T")
PLAIN = frozenset({str, int, float, bool, NoneType})


def encode(value: object) -> Any:
    """`value` as JSON has it: objects, lists, texts, numbers, yes, no and null; a day as its ISO text."""
    kind: Any = type(value)
    if kind in PLAIN:
        return value
    if names := _names(kind):
        return {name: encode(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [encode(element) for element in value]
    if isinstance(value, Mapping):
        return {key: encode(element) for key, element in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def decode(kind: type[T], content: object) -> T:
    """The value of `kind` that `encode` gave as `content`. Keys that `kind` does not have are passed over; raises KeyError
    for one that is missing, so compare shapes first."""
    return cast(T, _decode(kind, content))


@cache
def shape_of(kind: type) -> str:
    """Names the shape of `kind`: another field, order of a tuple or type anywhere in it gives another name."""
    return canonical.sha256(_shape(kind))[:16]


def _decode(kind: Any, content: Any) -> Any:
    kind = _present(kind)
    if content is None:
        return None
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        values: Mapping[str, Any] = content
        return kind(**{name: _decode(hint, values[name]) for name, hint in _fields(kind).items()})
    if get_origin(kind) is tuple:
        elements: Sequence[Any] = content
        kinds = get_args(kind)
        if kinds[1:] == (...,):
            return tuple(_decode(kinds[0], element) for element in elements)
        return tuple(map(_decode, kinds, elements))
    if get_origin(kind) is Mapping:
        entries: Mapping[str, Any] = content
        element_kind = get_args(kind)[1]
        return {key: _decode(element_kind, element) for key, element in entries.items()}
    return date.fromisoformat(content) if kind is date else content


def _shape(kind: Any) -> Any:
    if kind is ...:
        return "..."
    if _is_union(kind):
        return ["or", *(_shape(option) for option in get_args(kind))]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return {name: _shape(hint) for name, hint in _fields(kind).items()}
    if get_origin(kind) is tuple:
        return ["tuple", *(_shape(element) for element in get_args(kind))]
    if get_origin(kind) is Mapping:
        return ["mapping", _shape(get_args(kind)[1])]
    if get_origin(kind) is Literal:
        return ["literal", *map(str, get_args(kind))]
    return kind.__name__


def _present(kind: Any) -> Any:
    """Without its "or None"."""
    if _is_union(kind):
        (kind,) = (option for option in get_args(kind) if option is not NoneType)
    return kind


def _is_union(kind: Any) -> bool:
    """`int | None` and `Literal["a"] | None` are of two types."""
    return get_origin(kind) in (UnionType, Union)


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Of the fields of a dataclass; of another type none."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


@cache
def _fields(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
