"""Expressions of form files: read once, checked when loaded, evaluated without side effects.

`Expression.of(source)` reads (and keeps) one; `references` are the items it names; `mistakes(scope, kind)` checks it;
`evaluate(environment)` gives its value, or None for "unknown". Total: no environment makes it raise. The language is a
subset of CEL with decimals and partial dates: docs/form-file.md says it whole, docs/decisions/0011-expressions.md why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, reduce
from typing import cast

from assessments.domain.expression_functions import FUNCTIONS, Kind
from assessments.domain.expression_syntax import (
    Binary,
    Call,
    Conditional,
    ExpressionError,
    Listing,
    Literal,
    Macro,
    Name,
    Node,
    Reference,
    Rows,
    Unary,
    read_expression,
    references,
    row_items,
)
from assessments.domain.expression_types import ANY, Scope, ValueType, check_types
from assessments.domain.expression_values import (
    MISSING,
    Elements,
    Known,
    Missing,
    Result,
    Row,
    arithmetic,
    both,
    comparison,
    contains,
    distinct,
    either,
    known,
    moved,
    negation,
)
from assessments.domain.partial_date import PartialDate

__all__ = [
    "ANY", "MISSING", "Environment", "Expression", "ExpressionError", "Known", "Missing", "Reference", "Result", "Row",
    "Scope", "ValueType", "known",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Environment:
    """What names mean: `values` may leave out what is blank. `today`, `now`: the day and the moment at the site.

    `variable` means `element` in the body of a macro.
    """

    values: Mapping[Reference, Known | Missing | None]
    today: PartialDate
    now: datetime | None = None
    variable: str = ""
    element: Known | Row | None = None

    def known(self, reference: Reference) -> Result:
        """The value, None where it is missing."""
        value = self._value(reference)
        return None if isinstance(value, Missing) else value

    def reason(self, reference: Reference) -> str:
        """Why the value is missing; "" where it is not, or nobody said."""
        value = self._value(reference)
        return value.reason if isinstance(value, Missing) else ""

    def _value(self, reference: Reference) -> Known | Missing | None:
        if self.variable and not reference.visit:
            if reference.form == self.variable:
                return self.element.values.get(reference.item) if isinstance(self.element, Row) else None
            if reference.item == self.variable and not reference.form:
                return None if isinstance(self.element, Row) else self.element
        return self.values.get(reference)

    def of_element(self, variable: str, element: Known | Row) -> "Environment":
        """The same, where the variable of a macro means an element."""
        return Environment(self.values, self.today, self.now, variable, element)


Compute = Callable[[Environment], Result]


@dataclass(frozen=True, slots=True)
class Expression:
    """A read expression. Two of the same text are equal."""

    source: str
    node: Node = field(compare=False, repr=False)
    references: frozenset[Reference] = field(compare=False, repr=False)
    row_items: frozenset[Reference] = field(compare=False, repr=False)
    _compute: Compute = field(compare=False, repr=False)

    @staticmethod
    def of(source: str) -> "Expression":
        """Raises ExpressionError where `source` is no expression."""
        return _read(source)

    def mistakes(self, scope: Scope, expected: Kind) -> tuple[ExpressionError, ...]:
        """What keeps it from being an expression of that kind over the items of `scope`."""
        return check_types(self.node, scope, expected)

    def evaluate(self, environment: Environment) -> Result:
        """Its value; None where it cannot be told, operands that do not fit included."""
        return self._compute(environment)


@lru_cache(maxsize=4096)
def _read(source: str) -> Expression:
    node = read_expression(source)
    names = frozenset(references(node))
    return Expression(source, node, names, frozenset(row_items(node)), _compiled(node))


def _compiled(node: Node) -> Compute:
    match node:
        case Literal():
            literal = node.value
            return lambda environment: literal
        case Name() | Rows():
            reference = node.reference
            return lambda environment: environment.known(reference)
        case Macro():
            return _macro(node)
        case Unary():
            return _unary(node)
        case Binary():
            return _binary(node)
        case Conditional():
            return _conditional(node)
        case Call():
            return _call(node)
        case _:
            return lambda environment: None


def _unary(node: Unary) -> Compute:
    operand = _compiled(node.operand)
    if node.operator == "!":
        return _total(lambda environment: negation(operand(environment)))
    subtract = arithmetic("-")
    return _strict(lambda number: subtract(number - number, number), (operand,))


def _binary(node: Binary) -> Compute:
    left = _compiled(node.left)
    if node.operator == "in" and isinstance(node.right, Listing):
        elements = tuple(map(_compiled, node.right.elements))
        return _total(lambda e: contains(left(e), [element(e) for element in elements]))
    right = _compiled(node.right)
    if node.operator == "&&":
        return lambda e: both(left(e), right(e))
    if node.operator == "||":
        return lambda e: either(left(e), right(e))
    if node.operator == "in":
        return _strict(lambda code, codes: code in codes, (left, right))
    if node.operator in ("+", "-"):
        return _strict(_sum_or_day(node.operator), (left, right))
    compute = arithmetic(node.operator) if node.operator in "*/" else comparison(node.operator)
    return _strict(compute, (left, right))


def _sum_or_day(operator: str) -> Callable[..., Result]:
    """Of two numbers, or so many days after or before a date."""
    of_numbers = arithmetic(operator)

    def compute(left: Known, right: Decimal) -> Result:
        if isinstance(left, PartialDate):
            return moved(left, right if operator == "+" else -right)
        return of_numbers(left, right)  # type: ignore[arg-type]

    return compute


def _macro(node: Macro) -> Compute:
    elements, body, variable = _compiled(node.list), _compiled(node.body), node.variable

    def answers(environment: Environment) -> list[tuple[Known | Row, Result]] | None:
        several = elements(environment)
        if not isinstance(several, tuple):
            return None
        return [(element, body(environment.of_element(variable, element))) for element in several]

    def compute(environment: Environment) -> Result:
        pairs = answers(environment)
        if pairs is None:
            return None
        match node.macro:
            case "exists":
                return _folded(either, pairs, start=False)
            case "all":
                return _folded(both, pairs, start=True)
        if any(answer is None for _element, answer in pairs):
            return None
        if node.macro == "map":
            return cast("Elements", tuple(answer for _element, answer in pairs))
        return cast("Elements", tuple(element for element, answer in pairs if answer))

    return _total(compute)


def _folded(
    join: Callable[[Result, Result], Result], pairs: list[tuple[Known | Row, Result]], *, start: Result
) -> Result:
    return reduce(join, (answer for _element, answer in pairs), start)


def _conditional(node: Conditional) -> Compute:
    condition, then, otherwise = _compiled(node.condition), _compiled(node.then), _compiled(node.otherwise)

    def compute(environment: Environment) -> Result:
        answer = condition(environment)
        return None if answer is None else then(environment) if answer else otherwise(environment)

    return compute


def _call(node: Call) -> Compute:
    if node.function in ("today", "now"):
        return lambda environment: environment.today if node.function == "today" else environment.now
    argument = node.arguments[0] if node.arguments else None
    if node.function in ("has", "reason") and isinstance(argument, Name):
        reference = argument.reference
        if node.function == "has":
            return lambda environment: environment.known(reference) is not None
        return lambda environment: environment.reason(reference)
    if node.function == "distinct":
        return _strict(distinct, tuple(map(_compiled, node.arguments)))
    function = FUNCTIONS.get(node.function)
    if function is None:
        return lambda environment: None
    return _strict(function.compute, tuple(map(_compiled, node.arguments)))


def _strict(compute: Callable[..., Result], operands: tuple[Compute, ...]) -> Compute:
    """Unknown where an operand is."""

    def strict(environment: Environment) -> Result:
        values = [operand(environment) for operand in operands]
        return None if None in values else compute(*values)

    return _total(strict)


def _total(compute: Compute) -> Compute:
    """Unknown where the operands do not fit: an expression that was not checked, or a value kept of another version."""

    def total(environment: Environment) -> Result:
        try:
            return compute(environment)
        except (TypeError, AttributeError, ValueError, ArithmeticError):
            return None

    return total
