"""From a document's tables to frozen dataclasses: every mistake is found at once, each by its key."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

from trialsite.lib.document.annotations import bare, hints, limit_of
from trialsite.lib.document.keys import HINTS, element_keys, nearest, section
from trialsite.lib.document.limits import CODE, Bounds, TextLimit
from trialsite.lib.document.own_format import OwnFormat, has_own_format
from trialsite.lib.document.problems import Problem, display

# The keys that an author chooses in a table of free keys.
FREE_KEY = TextLimit(20, CODE, "a code of letters, digits, _ or -")


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What a document's keys became: a value for each field of its dataclass, None where it could not be read."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]

    @property
    def unread(self) -> frozenset[str]:
        """The top-level keys in which a mistake lies."""
        return frozenset(section(problem.key) for problem in self.problems)


def read_document(root: type, document: object) -> DocumentReading:
    """Read `document` (of a file, or the JSON kept of one) as the dataclass `root`, and name what is wrong in it.

    Nothing is raised, whatever the document holds; `root(**reading.values)` is what it says when there is no problem.
    """
    if not isinstance(document, Mapping):
        return DocumentReading({}, (Problem("the file", display(document), "keys with values"),))
    reader = _Reader(root)
    values = reader.fields(root, {str(name): value for name, value in document.items()}, "")
    return DocumentReading(values, tuple(reader.problems))


def expected_text(kind: Any) -> str:
    """What a value of this annotation must be, as messages and the reference in docs/ say it."""
    limit = limit_of(kind)
    kind = bare(kind)
    if has_own_format(kind):
        return str(kind.expected())
    if isinstance(limit, TextLimit):
        return limit.expected()
    if isinstance(limit, Bounds):
        return limit.expected(kind)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"'{option}'" for option in get_args(kind))
    if get_origin(kind) is tuple:
        inner, *rest = get_args(kind)
        if is_dataclass(bare(inner)):
            return "a list of tables"
        count = "" if rest == [...] else f"{len(rest) + 1} × "
        return f"a list of: {count}{expected_text(inner)}"
    return "true or false" if kind is bool else "a table"


class _Reader:
    """Reads the values of one document; its mistakes gather in `problems`."""

    def __init__(self, root: type) -> None:
        self.top = [field.name for field in fields(root)]
        self.problems: list[Problem] = []

    def fields(self, kind: Any, table: Mapping[Any, Any], key: str) -> dict[str, Any]:
        """The table's keys as the fields of `kind`; what can't be read is None there and in `problems`."""
        prefix = f"{key}." if key else ""
        self.problems += self._unknown_keys(table, [field.name for field in fields(kind)], prefix)
        values: dict[str, Any] = {}
        for field in fields(kind):
            annotation = hints(kind)[field.name]
            if table.get(field.name) is not None:
                values[field.name] = self._value(annotation, table[field.name], prefix + field.name)
            elif field.default is not MISSING:
                values[field.name] = field.default
            else:
                values[field.name] = None
                self.problems.append(Problem(prefix + field.name, "nothing", expected_text(annotation)))
        return values

    def _value(self, kind: Any, value: Any, key: str) -> Any:
        """`value` as `kind`; None when it is not."""
        plain = bare(kind)
        if has_own_format(plain):
            return self._own_format(plain, value, key)
        if is_dataclass(plain) and isinstance(value, Mapping):
            return self._table(plain, value, key)
        if get_origin(plain) is tuple and isinstance(value, list | tuple):
            return self._list(kind, value, key)
        if get_origin(plain) is Mapping and isinstance(value, Mapping):
            return self._by_name(get_args(plain)[1], value, key)
        if _is_scalar(plain, limit_of(kind), value):
            return float(value) if plain is float else value
        self.problems.append(Problem(key, display(value), expected_text(kind)))
        return None

    def _own_format(self, kind: type[OwnFormat], value: Any, key: str) -> Any:
        own = kind.read(value)
        if own is None:
            self.problems.append(Problem(key, display(value), kind.expected()))
        return own

    def _table(self, kind: Any, table: Mapping[Any, Any], key: str) -> Any:
        before = len(self.problems)
        values = self.fields(kind, table, key)
        return kind(**values) if len(self.problems) == before else None

    def _list(self, kind: Any, elements: list[Any] | tuple[Any, ...], key: str) -> Any:
        inner, *rest = get_args(bare(kind))
        if rest != [...] and len(elements) != len(rest) + 1:
            self.problems.append(Problem(key, f"a list of {len(elements)}", expected_text(kind)))
            return None
        keys = element_keys(key, elements)
        return tuple(self._value(inner, element, own) for own, element in zip(keys, elements, strict=True))

    def _by_name(self, kind: Any, table: Mapping[Any, Any], key: str) -> Any:
        """A table whose keys are free: codes chosen by the author."""
        for name in table:
            if not isinstance(name, str) or not FREE_KEY.allow(name):
                self.problems.append(Problem(f"{key}.{name}", display(name), FREE_KEY.expected()))
        return {name: self._value(kind, value, f"{key}.{name}") for name, value in table.items()}

    def _unknown_keys(self, table: Mapping[Any, Any], known: list[str], prefix: str) -> Iterator[Problem]:
        unknown = [name for name in map(str, table) if name not in known]
        for count, name in enumerate(unknown):
            near = nearest(name, known) if count < HINTS else None
            if near:
                hint = f"a known key: did you mean '{near}'?"
            elif prefix and name in self.top:
                hint = "this key at the top of the file, before the first line in [brackets]"
            else:
                hint = "one of the keys " + ", ".join(known)
            yield Problem(prefix + name, "an unknown key", hint)


def _is_scalar(plain: Any, limit: Bounds | TextLimit | None, value: Any) -> bool:
    if get_origin(plain) is Literal:
        return isinstance(value, str) and value in get_args(plain)
    if isinstance(value, bool):
        return plain is bool
    if isinstance(value, str):
        return isinstance(limit, TextLimit) and limit.allow(value)
    number = isinstance(value, int | float) if plain is float else isinstance(value, int)
    return number and isinstance(limit, Bounds) and limit.allow(value)
