"""What an amendment changes: one version of a protocol beside the one before it, value by value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from enrollment.protocol.model import Protocol

# By the first of these that it has, an entry of a list is the same entry in both versions.
NAMES = ("code", "id", "number", "name", "instrument")


class Entry(str):
    """The name of an entry of a list, between the keys of a path."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not the same. `path`: the keys of the file that lead to it, ("visits", Entry("DAY3"), "after"); it
    ends with an entry where the entry is not in both. `before` and `after` are values of the protocol; None: not there."""

    path: tuple[str, ...]
    before: Any
    after: Any


def differences(before: Protocol, after: Protocol) -> list[Difference]:
    """What `after` says otherwise, in the order of the file's keys. Nothing where both say the same."""
    return list(_within((), before, after))


def _within(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    pairs = _pairs(before, after)
    if pairs is None:
        yield Difference(path, before, after)
        return
    for name, (one, other) in pairs.items():
        yield from _within((*path, name), one, other)


def _pairs(before: Any, after: Any) -> dict[str, tuple[Any, Any]] | None:
    """What both values consist of, by name; None where they are to be shown as they are."""
    ours, theirs = _parts(before), _parts(after)
    if ours is None or theirs is None or (set(ours) == set(theirs) and ours == theirs):
        return None  # The last: entries in another order.
    return {name: (ours.get(name), theirs.get(name)) for name in dict.fromkeys([*ours, *theirs])}


def _parts(value: Any) -> dict[str, Any] | None:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {Entry(name): part for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str) and all(map(is_dataclass, value)):
        named: dict[str, Any] = {Entry(name_of(part)): part for part in value}
        return named if len(named) == len(value) else None
    return None


def name_of(entry: Any) -> str:
    """By which an entry of a list is known."""
    return str(next((getattr(entry, name) for name in NAMES if hasattr(entry, name)), entry))
