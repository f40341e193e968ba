"""From the protocol file's tables to Protocol: every mistake is found at once, each by its key.

The shape of the file is the shape of the dataclasses in protocol.py: their annotations are read here, so a
field added there is a key expected here.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from enrollment.domain import protocol_checks, protocol_instruments, protocol_sources
from enrollment.domain.limits import CODE, Bounds, Text
from enrollment.domain.protocol import Problem, Protocol, ProtocolError
from enrollment.domain.protocol_instruments import Catalogue
from enrollment.domain.protocol_keys import HINTS, element_keys, section, shown

__all__ = ["Problem", "ProtocolError", "expected_words", "parse"]


def parse(document: Mapping[str, object], catalogue: Catalogue | None = None) -> Protocol:
    """Read a document (of a file, or the JSON kept in the database).

    `catalogue`: the instruments that the protocol may use, when it is loaded; a kept one is not asked again.

    Raises ProtocolError with all mistakes, and no other exception whatever the document holds. Checks that
    hold one part of the file against another leave out the parts that could not be read.
    """
    if not isinstance(document, Mapping):
        raise ProtocolError([Problem("the file", shown(document), "keys with values")])
    problems: list[Problem] = []
    content = {str(name): value for name, value in document.items() if name != "sources"}
    read = _fields(Protocol, content, "", problems)
    unread = frozenset(section(problem.key) for problem in problems)
    problems += protocol_checks.problems(Protocol(**read), unread)
    if catalogue is not None and "instruments" not in unread:
        problems += protocol_instruments.problems(Protocol(**read), catalogue)
    problems += protocol_sources.problems(content, document.get("sources"))
    if problems:
        raise ProtocolError(problems)
    return Protocol(**read)


def expected_words(kind: Any) -> str:
    """What a value of this annotation must be, in words; the reference in docs/ uses the same."""
    limit = _limit(kind)
    kind = _bare(kind)
    if isinstance(limit, Text):
        return limit.words()
    if isinstance(limit, Bounds):
        return limit.words(kind)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"'{option}'" for option in get_args(kind))
    if get_origin(kind) is tuple:
        inner, *rest = get_args(kind)
        if is_dataclass(_bare(inner)):
            return "a list of tables"
        count = "" if rest == [...] else f"{len(rest) + 1} × "
        return f"a list of: {count}{expected_words(inner)}"
    return "true or false" if kind is bool else "a table"


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _bare(kind: Any) -> Any:
    """The annotation without `| None` and without its limits."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _limit(kind: Any) -> Bounds | Text | None:
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return kind.__metadata__[0] if get_origin(kind) is Annotated else None


def _read(kind: Any, value: Any, key: str, problems: list[Problem]) -> Any:
    """`value` as `kind`; a mistake is put into `problems` and None returned."""
    bare = _bare(kind)
    if is_dataclass(bare) and isinstance(value, Mapping):
        return _table(bare, value, key, problems)
    if get_origin(bare) is tuple and isinstance(value, list | tuple):
        return _list(kind, value, key, problems)
    if get_origin(bare) is Mapping and isinstance(value, Mapping):
        return _by_name(get_args(bare)[1], value, key, problems)
    if _is_scalar(bare, _limit(kind), value):
        return float(value) if bare is float else value
    problems.append(Problem(key, shown(value), expected_words(kind)))
    return None


def _is_scalar(bare: Any, limit: Bounds | Text | None, value: Any) -> bool:
    if get_origin(bare) is Literal:
        return isinstance(value, str) and value in get_args(bare)
    if isinstance(value, bool):
        return bare is bool
    if isinstance(value, str):
        return isinstance(limit, Text) and limit.allow(value)
    number = isinstance(value, int | float) if bare is float else isinstance(value, int)
    return number and isinstance(limit, Bounds) and limit.allow(value)


def _list(kind: Any, value: list[Any] | tuple[Any, ...], key: str, problems: list[Problem]) -> Any:
    inner, *rest = get_args(_bare(kind))
    if rest != [...] and len(value) != len(rest) + 1:
        problems.append(Problem(key, f"a list of {len(value)}", expected_words(kind)))
        return None
    keys = element_keys(key, value)
    return tuple(_read(inner, one, own, problems) for own, one in zip(keys, value, strict=True))


def _by_name(kind: Any, value: Mapping[Any, Any], key: str, problems: list[Problem]) -> Any:
    """A table whose keys are free: codes chosen by the author."""
    name_limit = Text(20, CODE, "a code of letters, digits, _ or -")
    for name in value:
        if not isinstance(name, str) or not name_limit.allow(name):
            problems.append(Problem(f"{key}.{name}", shown(name), name_limit.words()))
    return {name: _read(kind, one, f"{key}.{name}", problems) for name, one in value.items()}


def _table(kind: Any, value: Mapping[Any, Any], key: str, problems: list[Problem]) -> Any:
    before = len(problems)
    read = _fields(kind, value, key, problems)
    return kind(**read) if len(problems) == before else None


def _fields(kind: Any, value: Mapping[Any, Any], key: str, problems: list[Problem]) -> dict[str, Any]:
    """The table's keys as the fields of `kind`; what can't be read is None there and in `problems`."""
    prefix = f"{key}." if key else ""
    known = [field.name for field in fields(kind)]
    problems += _unknown(value, known, prefix)
    read: dict[str, Any] = {}
    for field in fields(kind):
        annotation = _hints(kind)[field.name]
        if value.get(field.name) is not None:
            read[field.name] = _read(annotation, value[field.name], prefix + field.name, problems)
        elif field.default is not MISSING:
            read[field.name] = field.default
        else:
            read[field.name] = None
            problems.append(Problem(prefix + field.name, "nothing", expected_words(annotation)))
    return read


def _unknown(value: Mapping[Any, Any], known: list[str], prefix: str) -> Iterator[Problem]:
    top = [field.name for field in fields(Protocol)]
    unknown = [name for name in map(str, value) if name not in known]
    for count, name in enumerate(unknown):
        near = get_close_matches(name, known, n=1) if count < HINTS else []
        if near:
            hint = f"a known key: did you mean '{near[0]}'?"
        elif prefix and name in top:
            hint = "this key at the top of the file, before the first line in [brackets]"
        else:
            hint = "one of the keys " + ", ".join(known)
        yield Problem(prefix + name, "an unknown key", hint)
