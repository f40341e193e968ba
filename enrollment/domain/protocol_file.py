"""From the protocol file's tables to Protocol: every mistake is found at once, each by its key.

The shape of the file is the shape of the dataclasses in protocol.py: their annotations are read here, so a
field added there is a key expected here.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import available_timezones

from enrollment.domain.protocol import Protocol

SOURCES = ("article", "paper", "registry", "reply", "our choice", "published series")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where, what was found, what was expected."""

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}, expected {self.expected}"


class ProtocolError(Exception):
    """All mistakes of a protocol file, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def parse(document: Mapping[str, object]) -> Protocol:
    """Read a document (of tomllib, or the JSON kept in the database). Raises ProtocolError with all mistakes."""
    problems: list[Problem] = []
    content = dict(document)
    sources = content.pop("sources", None)
    protocol = _read(Protocol, content, "", problems)
    if not problems:
        problems += _cross(protocol)
        problems += _unsourced(content, sources)
    if problems:
        raise ProtocolError(problems)
    return protocol  # type: ignore[no-any-return]


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(kind: Any, value: Any, key: str, problems: list[Problem]) -> Any:
    """`value` as `kind`; a mistake is put into `problems` and None returned."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in get_args(kind) if arg is not type(None))
        return None if value is None else _read(inner, value, key, problems)
    if is_dataclass(kind):
        return _table(kind, value, key, problems)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            return _wrong(problems, key, value, "a list")
        return tuple(_read(get_args(kind)[0], one, f"{key}[{n}]", problems) for n, one in enumerate(value, start=1))
    if origin is Literal:
        options = get_args(kind)
        return value if value in options else _wrong(problems, key, value, "one of " + ", ".join(map(repr, options)))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            return _wrong(problems, key, value, "a table")
        return {name: _read(get_args(kind)[1], one, f"{key}.{name}", problems) for name, one in value.items()}
    return _scalar(kind, value, key, problems)


def _scalar(kind: type, value: Any, key: str, problems: list[Problem]) -> Any:
    is_bool = isinstance(value, bool)
    if kind is bool:
        return value if is_bool else _wrong(problems, key, value, "true or false")
    if kind is int:
        return value if isinstance(value, int) and not is_bool else _wrong(problems, key, value, "a whole number")
    if kind is float:
        return float(value) if isinstance(value, int | float) and not is_bool else _wrong(problems, key, value, "a number")
    if isinstance(value, str) and value.strip():
        return value
    return _wrong(problems, key, value, "a text that is not empty")


def _table(kind: Any, value: Any, key: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping):
        return _wrong(problems, key, value, "a table")
    known = {field.name: field for field in fields(kind)}
    prefix = f"{key}." if key else ""
    for name in value:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "no such key here"
            problems.append(Problem(prefix + name, "an unknown key", hint))
    read = {}
    for name, field in known.items():
        if name in value:
            read[name] = _read(_hints(kind)[name], value[name], prefix + name, problems)
        elif field.default is MISSING:
            problems.append(Problem(prefix + name, "nothing", "this key"))
    return None if problems else kind(**read)


def _wrong(problems: list[Problem], key: str, value: Any, expected: str) -> None:
    problems.append(Problem(key, repr(value)[:80], expected))


def _cross(p: Protocol) -> list[Problem]:
    """What only shows when one part is held against another."""
    found: list[Problem] = []

    def need(right: bool, key: str, value: object, expected: str) -> None:
        if not right:
            found.append(Problem(key, repr(value), expected))

    arms = {arm.code for arm in p.arms}
    visits = {visit.code for visit in p.visits}
    instruments = {use.code for use in p.instruments}
    for name, codes in (
        ("sites", [s.code for s in p.sites]),
        ("arms", [a.code for a in p.arms]),
        ("sequences", [s.code for s in p.sequences]),
        ("visits", [v.code for v in p.visits]),
        ("criteria", [c.id for c in p.criteria]),
        ("instruments", [i.code for i in p.instruments]),
    ):
        need(bool(codes) or name == "criteria", name, codes, "at least one")
        need(len(set(codes)) == len(codes), name, codes, "each code once")
    need(p.planned_enrolment > 0, "planned_enrolment", p.planned_enrolment, "at least 1")
    need(
        [period.number for period in p.periods] == list(range(1, len(p.periods) + 1)) and bool(p.periods),
        "periods", [period.number for period in p.periods], "numbers 1, 2, … in order",
    )  # fmt: skip
    for n, sequence in enumerate(p.sequences, start=1):
        need(len(sequence.arms) == len(p.periods), f"sequences[{n}].arms", sequence.arms, "one arm for each period")
        need(set(sequence.arms) <= arms, f"sequences[{n}].arms", sequence.arms, "codes of arms")
    for n, site in enumerate(p.sites, start=1):
        need(site.timezone in available_timezones(), f"sites[{n}].timezone", site.timezone, "an IANA time zone")
    for n, visit in enumerate(p.visits, start=1):
        need(set(visit.instruments) <= instruments, f"visits[{n}].instruments", visit.instruments, "codes of instruments")
        need(min(visit.before, visit.after) >= 0, f"visits[{n}]", (visit.before, visit.after), "windows of 0 days or more")
    need(set(p.screening_instruments) <= instruments, "screening_instruments", p.screening_instruments, "codes of instruments")
    end = p.endpoints
    need(end.instrument in instruments, "endpoints.instrument", end.instrument, "the code of an instrument")
    need(end.baseline_visit in visits, "endpoints.baseline_visit", end.baseline_visit, "the code of a visit")
    need(end.primary_visit in visits, "endpoints.primary_visit", end.primary_visit, "the code of a visit")
    need(0 < end.response_percent <= 100, "endpoints.response_percent", end.response_percent, "1 to 100")
    return found + _cross_rules(p, arms)


def _cross_rules(p: Protocol, arms: set[str]) -> list[Problem]:
    found: list[Problem] = []
    if len(p.periods) > 1 and p.washout is None:
        found.append(Problem("washout", "nothing", "a rule: there is more than one period"))
    if p.washout:
        days = (p.washout.min_days, p.washout.target_days, p.washout.max_days)
        if not 0 <= days[0] <= days[1] <= days[2]:
            found.append(Problem("washout", repr(days), "0 ≤ min_days ≤ target_days ≤ max_days"))
    if len(p.sequences) > 1 and p.allocation is None:
        found.append(Problem("allocation", "nothing", "a rule: there is more than one sequence"))
    for n, size in enumerate(p.allocation.block_sizes if p.allocation else (), start=1):
        if size <= 0 or size % len(p.sequences):
            found.append(Problem(f"allocation.block_sizes[{n}]", repr(size), f"a multiple of {len(p.sequences)} sequences"))
    for n, criterion in enumerate(p.criteria, start=1):
        needed = {"minimum": ["minimum"], "maximum": ["maximum"], "range": ["minimum", "maximum"], "confirm": ["expected"]}
        for name in needed[criterion.kind]:
            if getattr(criterion, name) is None:
                found.append(Problem(f"criteria[{n}].{name}", "nothing", f"a value: the kind is {criterion.kind!r}"))
    if p.stopping:
        counts = [look.completers for look in p.stopping.looks]
        if not counts or sorted(set(counts)) != counts or counts[-1] > p.planned_enrolment:
            found.append(Problem("stopping.looks", repr(counts), "increasing numbers of completers, at most planned_enrolment"))
        if len(p.stopping.compare) != 2 or not set(p.stopping.compare) <= arms:
            found.append(Problem("stopping.compare", repr(p.stopping.compare), "two codes of arms"))
        if not 0 < p.stopping.alpha < 1:
            found.append(Problem("stopping.alpha", repr(p.stopping.alpha), "between 0 and 1"))
        if p.stopping.sides not in (1, 2):
            found.append(Problem("stopping.sides", repr(p.stopping.sides), "1 or 2"))
    return found


def _unsourced(document: Mapping[str, Any], sources: Any) -> list[Problem]:
    """Every number says where it comes from: `sources` maps its key, or the key of what it stands in."""
    if not isinstance(sources, Mapping):
        return [Problem("sources", repr(sources), "a table that says where each number comes from")]
    found = [
        Problem(f"sources.{key}", repr(text), "a text that begins with one of " + ", ".join(map(repr, SOURCES)))
        for key, text in sources.items()
        if not (isinstance(text, str) and text.startswith(SOURCES))
    ]
    for path in _numbers(document, ""):
        parts = path.split(".")
        if not any(".".join(parts[:n]) in sources for n in range(len(parts), 0, -1)):
            found.append(Problem(f"sources.{path}", "nothing", "the source of this number"))
    return found


def _numbers(value: Any, path: str) -> list[str]:
    """Keys of all numbers, without list positions, each once."""
    if isinstance(value, Mapping):
        deeper = [_numbers(one, f"{path}.{name}" if path else name) for name, one in value.items()]
    elif isinstance(value, list | tuple):
        deeper = [_numbers(one, path) for one in value]
    else:
        return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []
    return list(dict.fromkeys(key for keys in deeper for key in keys))
