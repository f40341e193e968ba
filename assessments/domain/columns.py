"""Which column of a long-form file holds what: its header, and the mapping from a foreign one to ours."""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from difflib import get_close_matches

from assessments.domain.csvfile import ImportProblem
from assessments.domain.instrument import Instrument, InstrumentItem

KEYS = ("site", "participant", "period", "visit", "date", "instrument")
MISSING = frozenset({"", "NA", "N/A", "."})
MOST_COLUMNS = 1000
PLACE = re.compile(r"\{([^{}]+)\}")

Source = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How a file's columns become ours.

    `columns`: their name → ours. `values`: our key → a text, the same in every row ("01") or made from their
    columns ("WEEK{week}"). `ignore`: columns of theirs that are left out. `dates` False: the file may have no
    dates. Columns that have our names need no mapping. The series of Reisby et al. (1977), with the columns
    id, hamd, intcpt, week, endog, endweek, is read with:

    >>> mapping = ColumnMapping(
    ...     columns={"id": "participant", "hamd": "total"},
    ...     values={"site": "01", "period": "1", "visit": "WEEK{week}", "instrument": "HAMD17"},
    ...     ignore=("intcpt", "endog", "endweek"),
    ...     dates=False,
    ... )
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    ignore: Sequence[str] = ()
    dates: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields: the file's column for it (ours when the mapping gives it), and how to get it."""

    column: str
    read: Source


@dataclass(frozen=True, slots=True)
class Header:
    """`fields`: by our key; absent without a source. `total`: position, or None. `items`: by instrument code,
    (position, item). `item_columns`: position → column of every item column, whichever instrument's."""

    names: list[str]
    fields: Mapping[str, Field]
    total: int | None
    items: Mapping[str, tuple[tuple[int, InstrumentItem], ...]]
    item_columns: Mapping[int, str]


def resolve(
    header: Sequence[str], mapping: ColumnMapping, instruments: Mapping[str, Instrument]
) -> Header | list[ImportProblem]:
    """The header `found`, understood; or everything that is wrong with it and with the mapping."""
    names = [name.strip() for name in header]
    if len(names) > MOST_COLUMNS:
        return [ImportProblem(1, "", "", f"{len(names):,} columns; at most {MOST_COLUMNS:,} are read")]
    known = _known(instruments)
    used = {place for text in mapping.values.values() for place in PLACE.findall(text)}
    ours: dict[int, str] = {}
    problems = _repeated(names, set(mapping.ignore) - used) + _mapping_problems(names, mapping, used, known)
    for position, name in enumerate(names):
        target = known.get(mapping.columns.get(name, name).casefold())
        if name in mapping.ignore or (name in used and target is None):
            continue
        if target is not None:
            ours[position] = target
        elif name not in mapping.columns:
            problems.append(_unknown(name, position, names, known))
    problems += _twice(ours, names, mapping) + _absent(ours, mapping)
    items = {code: _item_columns(instrument, ours) for code, instrument in instruments.items()}
    for columns in items.values():
        problems += _same_item(columns, names)
    if problems:
        return problems
    return Header(
        names=names,
        fields=_fields(ours, names, mapping),
        total=next((position for position, name in ours.items() if name == "total"), None),
        items=items,
        item_columns={p: names[p] for p, name in ours.items() if name not in KEYS and name != "total"},
    )


def _known(instruments: Mapping[str, Instrument]) -> dict[str, str]:
    """Every name of ours, by its spelling without regard to capitals."""
    items = [item for instrument in instruments.values() for item in instrument.items]
    names = (*KEYS, "total", *(item.code for item in items), *(item.number for item in items))
    return {name.casefold(): name for name in names}


def _repeated(names: Sequence[str], ignored: Set[str]) -> list[ImportProblem]:
    again = dict.fromkeys(name for name in names if name and name not in ignored and names.count(name) > 1)
    return [ImportProblem(1, name, name, "this column appears twice") for name in again]


def _mapping_problems(
    names: Sequence[str], mapping: ColumnMapping, used: set[str], known: Mapping[str, str]
) -> list[ImportProblem]:
    problems = [
        ImportProblem(1, theirs, ours, "the mapping leads to a name that is none of ours")
        for theirs, ours in mapping.columns.items()
        if ours.casefold() not in known
    ]
    problems += [
        ImportProblem(1, key, text, f"the mapping gives a value to a name other than {', '.join(KEYS)}")
        for key, text in mapping.values.items()
        if key not in KEYS
    ]
    wanted = [*mapping.columns, *sorted(used - mapping.columns.keys())]
    return problems + [
        ImportProblem(1, name, "", "the mapping names this column, but the file does not have it")
        for name in wanted
        if name not in names
    ]


def _unknown(name: str, position: int, names: Sequence[str], known: Mapping[str, str]) -> ImportProblem:
    if not name:
        return ImportProblem(1, "", "", f"column {position + 1} has no name; name it, or take it out")
    if len(names) == 1 and (mark := next((mark for mark in ";\t|" if mark in name), None)):
        return ImportProblem(1, "", name, f"the cells are separated by {mark!r}; save the file with commas")
    near = get_close_matches(name.casefold(), known, n=1)
    hint = f"did you mean “{known[near[0]]}”? Else map it, or ignore it" if near else "map it, or ignore it"
    return ImportProblem(1, name, name, f"an unknown column; {hint}")


def _twice(ours: Mapping[int, str], names: Sequence[str], mapping: ColumnMapping) -> list[ImportProblem]:
    """Two sources for one thing of ours, where the file itself does not repeat a name."""
    first: dict[str, str] = dict.fromkeys(mapping.values, "the mapping")
    problems = []
    for position, name in ours.items():
        before = first.setdefault(name, f"column {names[position]}")
        if before != f"column {names[position]}":
            problems.append(ImportProblem(1, names[position], name, f"{before} gives “{name}” already"))
    return problems


def _absent(ours: Mapping[int, str], mapping: ColumnMapping) -> list[ImportProblem]:
    there = {*ours.values(), *mapping.values}
    problems = [
        ImportProblem(1, key, "", "this column is missing; add it, or map it")
        for key in KEYS
        if key not in there and (key != "date" or mapping.dates)
    ]
    if not there - set(KEYS):
        problems.append(ImportProblem(1, "total", "", "there is neither a total nor an item column"))
    return problems


def _item_columns(instrument: Instrument, ours: Mapping[int, str]) -> tuple[tuple[int, InstrumentItem], ...]:
    by_name = {item.number: item for item in instrument.items} | dict(instrument.by_code)
    return tuple((position, by_name[name]) for position, name in ours.items() if name in by_name)


def _same_item(columns: Sequence[tuple[int, InstrumentItem]], names: Sequence[str]) -> list[ImportProblem]:
    """Columns "1" and "HAMD101" in one file."""
    first: dict[str, str] = {}
    return [
        ImportProblem(1, names[position], item.code, f"column {first[item.code]} gives this item already")
        for position, item in columns
        if first.setdefault(item.code, names[position]) != names[position]
    ]


def _fields(ours: Mapping[int, str], names: Sequence[str], mapping: ColumnMapping) -> dict[str, Field]:
    fields = {name: Field(names[p], _of_column(p)) for p, name in ours.items() if name in KEYS}
    for key, text in mapping.values.items():
        fields[key] = Field(", ".join(PLACE.findall(text)) or key, _of_text(text, names))
    return fields


def _of_column(position: int) -> Source:
    return lambda cells: cells[position].strip()


def _of_text(text: str, names: Sequence[str]) -> Source:
    """A text of the mapping; empty when one of its columns is, so that "WEEK{week}" never becomes "WEEK"."""
    plain, *rest = PLACE.split(text)
    if not rest:
        return lambda cells: plain
    parts = [(names.index(name), after) for name, after in zip(rest[::2], rest[1::2], strict=True)]

    def read(cells: Sequence[str]) -> str:
        text = plain
        for position, after in parts:
            cell = cells[position].strip()
            if cell in MISSING:
                return ""
            text += cell + after
        return text

    return read
