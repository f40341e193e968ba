"""A form's expressions, read: what each item depends on, in which order to evaluate, and what names mean in them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter

from assessments.domain.expression import ANY, Expression, ExpressionError, Reference, ValueType
from assessments.domain.expression_functions import Kind
from assessments.domain.form import Check, Form, FormAlert, Item, Placement
from trialsite.lib.document.keys import HINTS, nearest

KINDS: Mapping[str, Kind] = {
    "integer": "number",
    "decimal": "number",
    "vas": "number",
    "text": "text",
    "long_text": "text",
    "choice": "text",
    "choices": "texts",
    "yes_no": "yes_no",
    "date": "date",
    "partial_date": "date",
    "time": "time",
    "datetime": "datetime",
}


@dataclass(frozen=True, slots=True)
class FormOutline:
    """What another form's expressions may know of a form: where it belongs, the types of its items, and whether
    its author alone reads them."""

    placement: Placement
    types: Mapping[str, ValueType]
    withheld: bool = False


# The forms that a form may name, by code.
Catalogue = Mapping[str, FormOutline]
REPEATING = ("repeating", "repeating_at_visit")
AT_VISIT = ("once_at_visit", "repeating_at_visit")
# Before a name: the parameters of the protocol; the visit that lies in no period; a period by its number.
PROTOCOL, SCREENING = "PROTOCOL", "SCREENING"
PERIOD = re.compile(r"PERIOD([1-9][0-9]{0,2})")


def value_type(form: Form, item: Item) -> ValueType:
    """Of the item's values in expressions."""
    if item.type == "calculated":
        return ValueType(item.result)
    codes = (
        frozenset(choice.code for choice in form.choices(item))
        if item.type in ("choice", "choices")
        else None
    )
    return ValueType(KINDS[item.type], codes)


def outline(form: Form) -> FormOutline:
    """The form as others may name it."""
    types = {item.code: value_type(form, item) for item in form.items if item.has_value}
    return FormOutline(form.placement, types, form.withheld)


@dataclass
class FormScope:
    """What names mean in `form`: its own items, and those of the catalogue's forms where a record of them is one.

    Without a catalogue every other form may be anything. `visits`, `periods`, `parameters`: the protocol's, None where they
    are not known. `unread`: items whose type is not known, since the file is wrong there. `hints`: likenesses that it still
    looks for.
    """

    form: Form
    catalogue: Catalogue | None = None
    visits: frozenset[str] | None = None
    periods: frozenset[int] | None = None
    parameters: frozenset[str] | None = None
    unread: frozenset[str] = frozenset()
    hints: int = HINTS

    @cached_property
    def own(self) -> FormOutline:
        """The form itself."""
        return outline(self.form)

    def type_of(self, reference: Reference) -> ValueType:
        """Raises ExpressionError for an item that there is not, or that cannot be named here."""
        if not reference.form and reference.item in self.unread:
            return ANY
        if not reference.form:
            return self._type_in(self.own, reference, "an item of this form")
        if reference.form == PROTOCOL and not reference.visit:
            if self.parameters is not None and reference.item not in self.parameters:
                raise self._unknown(reference.item, "a parameter of the protocol", sorted(self.parameters))
            return ValueType("number")
        other = self._other(reference)
        if other is None:
            return ANY
        if other.placement in REPEATING:
            expected = f"an item of a form with one record, or the rows: '{reference.form}.exists(row, …)'"
            raise ExpressionError(f"'{reference}', of a form that {_called(other)}", expected)
        return self._type_in(other, reference, f"an item of {reference.form}")

    def rows_of(self, reference: Reference) -> ValueType:
        """Raises ExpressionError for a form that there is not, that has one record, or that cannot be named here."""
        own = reference.form == self.form.code and not reference.visit
        other = self.own if own else self._other(reference)
        if other is None or not other.placement:
            return ANY  # A placement that cannot be read is a mistake of its own.
        if other.placement not in REPEATING:
            raise ExpressionError(f"the rows of {reference}, which {_called(other)}", "a form that repeats")
        return ValueType("rows", items=other.types)

    def _other(self, reference: Reference) -> FormOutline | None:
        """The other form, if it can be named so from here; None where the forms are not known."""
        if reference.visit and self.visits is not None and reference.visit not in self.visits:
            raise self._unknown(reference.visit, "a visit of the protocol", sorted(self.visits))
        if self.catalogue is None:
            return None
        other = self.catalogue.get(reference.form)
        if other is None:
            raise self._unknown(reference.form, "a form", sorted(self.catalogue))
        if other.withheld:
            raise ExpressionError(
                f"'{reference}', of a form that its author alone reads", "an item that all read"
            )
        found = f"'{reference}', of a form that {_called(other)}"
        if reference.visit and other.placement not in AT_VISIT:
            raise ExpressionError(
                found, f"'{str(reference).removeprefix(_before(reference))}', without a visit"
            )
        if not reference.visit and other.placement in AT_VISIT and not self.form.at_visit:
            raise ExpressionError(found, f"a visit before it: 'VISIT.{reference}'")
        self._check_period(reference)
        return other

    def _check_period(self, reference: Reference) -> None:
        visit, period = reference.visit, reference.period
        if period:
            number = PERIOD.fullmatch(period)
            if number is None or (self.periods is not None and int(number[1]) not in self.periods):
                known = ", ".join(f"PERIOD{number}" for number in sorted(self.periods or {1, 2}))
                raise ExpressionError(f"'{period}'", f"a period: one of {known}")
            if visit == SCREENING:
                raise ExpressionError(f"'{reference}'", "screening without a period")
        elif visit and visit != SCREENING and not self.form.at_visit:
            raise ExpressionError(
                f"'{reference}', of any period", f"a period before it: 'PERIOD1.{reference}'"
            )

    def _type_in(self, form: FormOutline, reference: Reference, expected: str) -> ValueType:
        if reference.item not in form.types:
            raise self._unknown(str(reference), expected, list(form.types), reference.item)
        return form.types[reference.item]

    def _unknown(self, found: str, expected: str, names: list[str], name: str = "") -> ExpressionError:
        return ExpressionError(f"'{found}'", expected + self.hint(name or found, names))

    def hint(self, name: str, names: Sequence[str]) -> str:
        """ "; did you mean 'AGE'?", a few times: it takes time, and more mistakes of one kind are another mistake."""
        self.hints -= 1
        near = nearest(name, names) if self.hints >= 0 else None
        return f"; did you mean '{near}'?" if near else ""


def _called(form: FormOutline) -> str:
    """ "repeats for the participant", as mistakes say it."""
    return {
        "once": "is once for the participant",
        "once_at_visit": "is once at a visit",
        "repeating": "repeats for the participant",
        "repeating_at_visit": "repeats at a visit",
    }[form.placement]


def _before(reference: Reference) -> str:
    """The visit and the period before a name."""
    return "".join(f"{part}." for part in (reference.period, reference.visit) if part)


@dataclass(frozen=True, slots=True)
class ItemLogic:
    """`show`: the conditions of its group and its own, all of which must be true."""

    item: Item
    show: tuple[Expression, ...] = ()
    require: Expression | None = None
    calculate: Expression | None = None

    @property
    def depends_on(self) -> frozenset[str]:
        """Codes of the form's items whose value must be known before its own is, or whether it is shown."""
        return frozenset(name.item for e in self.of_value for name in e.references if not name.form)

    @property
    def of_value(self) -> tuple[Expression, ...]:
        """What its value follows from: conditions and calculation."""
        return (*self.show, *((self.calculate,) if self.calculate else ()))


@dataclass(frozen=True)
class FormLogic:
    """`ordered`: the items, each after those it depends on."""

    ordered: tuple[ItemLogic, ...]
    checks: tuple[tuple[Check, Expression], ...]
    alerts: tuple[tuple[FormAlert, Expression], ...] = ()

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """All of them."""
        expressions: list[Expression] = [expression for _, expression in (*self.checks, *self.alerts)]
        for logic in self.ordered:
            expressions += [*logic.show, *(e for e in (logic.require, logic.calculate) if e)]
        return tuple(expressions)

    @cached_property
    def references(self) -> frozenset[Reference]:
        """The items of other forms that it names, and the rows."""
        return frozenset(name for e in self.expressions for name in e.references if name.form)

    @cached_property
    def row_items(self) -> frozenset[Reference]:
        """The items of rows that it reads."""
        return frozenset(name for e in self.expressions for name in e.row_items)


def item_logic(form: Form, item: Item) -> ItemLogic:
    """Raises ExpressionError where one of the texts is no expression."""
    group = form.groups_by_code.get(item.group or "")
    conditions = (group.show_when if group else None, item.show_when)
    return ItemLogic(
        item,
        tuple(Expression.of(source) for source in conditions if source),
        Expression.of(item.require_when) if item.require_when else None,
        Expression.of(item.calculate) if item.calculate else None,
    )


@lru_cache(maxsize=512)
def logic_of(form: Form) -> FormLogic:
    """The form's expressions, read once. The form is one that `form_file.parse` returned."""
    logic = {item.code: item_logic(form, item) for item in form.items}
    ordered = tuple(logic[code] for code in in_order({code: own.depends_on for code, own in logic.items()}))
    return FormLogic(
        ordered,
        tuple((check, Expression.of(check.holds)) for check in form.checks),
        tuple((alert, Expression.of(alert.when)) for alert in form.alerts),
    )


def circles_between(forms: Iterable[Form]) -> Iterator[tuple[str, ...]]:
    """Each circle of items of several forms, as `circles` has it: ("A.X", "B.Y", "A.X"). At whichever visits: what follows
    from itself at another visit follows from itself at that one."""
    depends_on: dict[str, frozenset[str]] = {}
    for form in forms:
        for logic in logic_of(form).ordered:
            names = {name for e in logic.of_value for name in (*e.references, *e.row_items) if name.item}
            depends_on[f"{form.code}.{logic.item.code}"] = frozenset(
                f"{name.form or form.code}.{name.item}" for name in names
            )
    for circle in circles(depends_on):
        if len({name.partition(".")[0] for name in circle}) > 1 or len(circle) == 2:
            yield circle


def in_order(depends_on: Mapping[str, frozenset[str]]) -> list[str]:
    """The codes, each after those it depends on. Those of a circle, and those behind it, are left out."""
    sorter = TopologicalSorter(
        {code: sorted(need for need in needs if need in depends_on) for code, needs in depends_on.items()}
    )
    # Of a circle the sorter tells first; what can be put in order it gives all the same.
    with suppress(CycleError):
        sorter.prepare()
    order: list[str] = []
    while ready := sorter.get_ready():
        order += ready
        sorter.done(*ready)
    return order


def circles(depends_on: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """Each circle of dependencies once, from the item of it that stands first: ("A", "B", "A")."""
    settled = set(in_order(depends_on))
    seen: set[str] = set()
    for start in depends_on:
        path: list[str] = []
        code: str | None = start
        while code is not None and code not in settled and code not in seen and code not in path:
            path.append(code)
            code = next(
                (need for need in depends_on[code] if need in depends_on and need not in settled), None
            )
        if code is not None and code in path:
            circle = path[path.index(code) :]
            first = min(range(len(circle)), key=lambda i: list(depends_on).index(circle[i]))
            yield (*circle[first:], *circle[:first], circle[first])
        seen.update(path)
