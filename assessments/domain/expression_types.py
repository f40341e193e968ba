"""What an expression must be to make sense: known names, known functions, operands that fit. Said when it is loaded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from assessments.domain.expression_functions import FUNCTIONS, KIND_TEXT, MOST_DIGITS, SPECIAL, Kind
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
    is_of,
)

ORDERED: tuple[Kind, ...] = ("number", "date", "time", "datetime", "any")
COMPARED: tuple[Kind, ...] = (*ORDERED, "text", "yes_no")


@dataclass(frozen=True, slots=True)
class ValueType:
    """`codes`: what a text can be, where it is one of a list; `items`: of a row, or of each of several."""

    kind: Kind
    codes: frozenset[str] | None = None
    items: "Mapping[str, ValueType] | None" = None


ANY = ValueType("any")
NUMBER = ValueType("number")
YES_NO = ValueType("yes_no")
TEXT = ValueType("text")
DATE = ValueType("date")
DATETIME = ValueType("datetime")
# What a list holds, and a list of what is which kind.
ELEMENT: Mapping[Kind, Kind] = {"rows": "row", "texts": "text", "numbers": "number", "dates": "date"}
LIST: Mapping[Kind, Kind] = {element: several for several, element in ELEMENT.items() if element != "row"}


class Scope(Protocol):
    """What names mean."""

    def type_of(self, reference: Reference) -> ValueType:
        """Of the item's values. Raises ExpressionError where there is no such item, or it cannot be named here."""

    def rows_of(self, reference: Reference) -> ValueType:
        """Of the rows of a form. Raises ExpressionError where there is no such form, or it has none that can be named."""

    def hint(self, name: str, names: Sequence[str]) -> str:
        """Which of the names somebody who wrote `name` may have meant, as the end of a message; "" for none."""


def check_types(node: Node, scope: Scope, expected: Kind) -> tuple[ExpressionError, ...]:
    """Every mistake in `node`, whose value must be of the kind `expected`; empty when it is right."""
    checker = _Checker(scope)
    checker.need(checker.type_of(node), (expected,), node)
    return tuple(checker.mistakes)


@dataclass(frozen=True, slots=True)
class _BodyScope:
    """The names in the body of a macro: its variable, and those around it."""

    around: Scope
    variable: str
    element: ValueType

    def type_of(self, reference: Reference) -> ValueType:
        if not is_of(self.variable, reference):
            return self.around.type_of(reference)
        if not reference.form and self.element.kind != "row":
            return self.element
        if not reference.form:
            raise ExpressionError(f"'{reference}', a row", f"an item of it: '{reference}.ITEM'")
        items = self.element.items
        if items is None:
            return ANY
        if reference.item not in items:
            near = self.around.hint(reference.item, list(items))
            raise ExpressionError(f"'{reference}'", f"an item of the row{near}")
        return items[reference.item]

    def rows_of(self, reference: Reference) -> ValueType:
        return self.around.rows_of(reference)

    def hint(self, name: str, names: Sequence[str]) -> str:
        return self.around.hint(name, names)


class _Checker:
    """Finds the type of each part; its mistakes gather, and a part that has one may be anything from there on."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.mistakes: list[ExpressionError] = []

    def type_of(self, node: Node) -> ValueType:
        match node:
            case Literal():
                return _literal(node.value)
            case Name() | Rows():
                return self._name(node)
            case Macro():
                return self._macro(node)
            case Unary():
                kind: Kind = "yes_no" if node.operator == "!" else "number"
                self.need(self.type_of(node.operand), (kind,), node.operand)
                return ValueType(kind)
            case Binary():
                return self._binary(node)
            case Conditional():
                return self._conditional(node)
            case Call():
                return self._call(node)
            case _:
                return self._mistake("a list", "a list only after in")

    def need(self, type_: ValueType, kinds: Iterable[Kind], node: Node) -> None:
        """Notes a mistake unless `type_` is one of the kinds."""
        kinds = tuple(kinds)
        if type_.kind != "any" and type_.kind not in kinds and "any" not in kinds:
            self._mistake(f"{_shown(node)}, {KIND_TEXT[type_.kind]}", _either(kinds))

    def _mistake(self, found: str, expected: str) -> ValueType:
        self.mistakes.append(ExpressionError(found, expected))
        return ANY

    def _name(self, node: Name | Rows) -> ValueType:
        find = self.scope.type_of if isinstance(node, Name) else self.scope.rows_of
        try:
            return find(node.reference)
        except ExpressionError as error:
            self.mistakes.append(error)
            return ANY

    def _macro(self, node: Macro) -> ValueType:
        several = self.type_of(node.list)
        self.need(several, ELEMENT, node.list)
        element = ValueType(ELEMENT.get(several.kind, "any"), several.codes, several.items)
        around, self.scope = self.scope, _BodyScope(self.scope, node.variable, element)
        body = self.type_of(node.body)
        if node.macro == "map":
            self.need(body, LIST, node.body)
        else:
            self.need(body, ("yes_no",), node.body)
        self.scope = around
        if node.macro == "map":
            return ValueType(LIST.get(body.kind, "any"), body.codes)
        return several if node.macro == "filter" else YES_NO

    def _binary(self, node: Binary) -> ValueType:
        if node.operator == "in":
            return self._membership(node)
        left, right = self.type_of(node.left), self.type_of(node.right)
        if node.operator in ("&&", "||"):
            self.need(left, ("yes_no",), node.left)
            self.need(right, ("yes_no",), node.right)
            return YES_NO
        if node.operator in ("+", "-") and left.kind in ("date", "any"):
            self.need(right, ("number",), node.right)
            return left
        if node.operator in ("+", "-", "*", "/"):
            self.need(left, ("number",), node.left)
            self.need(right, ("number",), node.right)
            return NUMBER
        kinds = COMPARED if node.operator in ("==", "!=") else ORDERED
        if left.kind not in kinds or right.kind not in kinds:
            wrong, type_ = (node.left, left) if left.kind not in kinds else (node.right, right)
            self._mistake(
                f"{_shown(wrong)}, {KIND_TEXT[type_.kind]}", f"beside {node.operator}: {_either(kinds)}"
            )
        else:
            self.need(right, (left.kind,), node.right)
            self._codes(left, node.right, right)
            self._codes(right, node.left, left)
        return YES_NO

    def _codes(self, type_: ValueType, node: Node, other: ValueType) -> None:
        """A text beside an item with a code list is one of its codes."""
        if type_.codes is not None and isinstance(node, Literal) and other.kind == "text":
            self._code(type_.codes, str(node.value))

    def _code(self, codes: frozenset[str], code: str) -> None:
        if code not in codes:
            expected = f"one of the codes {', '.join(sorted(codes))}"
            self._mistake(f"'{code}'", expected + self.scope.hint(code, sorted(codes)))

    def _membership(self, node: Binary) -> ValueType:
        left = self.type_of(node.left)
        if isinstance(node.right, Listing):
            for element in node.right.elements:
                type_ = self.type_of(element)
                self.need(type_, (left.kind,), element)
                self._codes(left, element, type_)
            return YES_NO
        right = self.type_of(node.right)
        self.need(left, ("text",), node.left)
        self.need(right, ("texts",), node.right)
        if right.codes is not None and isinstance(node.left, Literal):
            self._code(right.codes, str(node.left.value))
        return YES_NO

    def _conditional(self, node: Conditional) -> ValueType:
        self.need(self.type_of(node.condition), ("yes_no",), node.condition)
        then, otherwise = self.type_of(node.then), self.type_of(node.otherwise)
        self.need(otherwise, (then.kind,), node.otherwise)
        return ValueType(otherwise.kind if then.kind == "any" else then.kind)

    def _call(self, node: Call) -> ValueType:
        if node.function in SPECIAL:
            return self._special(node)
        function = FUNCTIONS.get(node.function)
        if function is None:
            known = (*FUNCTIONS, *SPECIAL)
            expected = f"one of the functions {', '.join(known)}{self.scope.hint(node.function, known)}"
            return self._mistake(f"the function '{node.function}'", expected)
        types = [self.type_of(argument) for argument in node.arguments]
        fits = any(
            len(parameters) == len(types)
            and all(type_.kind in (kind, "any") for kind, type_ in zip(parameters, types, strict=True))
            for overload in function.overloads
            for parameters in (function.parameters(overload, len(types)),)
        )
        if not fits:
            kinds = ", ".join(KIND_TEXT[type_.kind] for type_ in types)
            return self._mistake(f"{node.function}({kinds})", function.expected(node.function))
        if node.function == "round":
            self._digits(node.arguments[1])
        return ValueType(function.result)

    def _digits(self, node: Node) -> None:
        whole = isinstance(node, Literal) and isinstance(node.value, Decimal) and node.value % 1 == 0
        if not whole or not 0 <= int(str(node.value).partition(".")[0]) <= MOST_DIGITS:  # type: ignore[attr-defined]
            self._mistake(_shown(node), f"a whole number of digits, 0 to {MOST_DIGITS}")

    def _special(self, node: Call) -> ValueType:
        result: Mapping[str, ValueType] = {"has": YES_NO, "reason": TEXT, "today": DATE, "now": DATETIME}
        arguments = node.arguments
        if node.function == "distinct":
            return self._distinct(node)
        if node.function in ("today", "now"):
            if arguments:
                self._mistake(
                    f"{node.function}() of {len(arguments)} arguments", f"{node.function}() of none"
                )
        elif len(arguments) != 1 or not isinstance(arguments[0], Name):
            self._mistake(
                f"{node.function}({', '.join(map(_shown, arguments))})", f"{node.function}(an item)"
            )
        else:
            self._name(arguments[0])
        return result[node.function]

    def _distinct(self, node: Call) -> ValueType:
        if len(node.arguments) != 1:
            return self._mistake(f"distinct of {len(node.arguments)} arguments", "LIST.distinct()")
        several = self.type_of(node.arguments[0])
        self.need(several, ("texts", "numbers"), node.arguments[0])
        return several


def _literal(value: Decimal | str | bool) -> ValueType:
    if isinstance(value, bool):
        return YES_NO
    return TEXT if isinstance(value, str) else NUMBER


def _either(kinds: Iterable[Kind]) -> str:
    return " or ".join(KIND_TEXT[kind] for kind in kinds if kind != "any")


def _shown(node: Node) -> str:
    """A short name for a part of an expression."""
    match node:
        case Name() | Rows():
            return str(node.reference)
        case Macro():
            return f"{_shown(node.list)}.{node.macro}(…)"
        case Literal() if isinstance(node.value, bool):
            return str(node.value).lower()
        case Literal():
            return f"'{node.value}'" if isinstance(node.value, str) else str(node.value)
        case Call():
            return f"{node.function}(…)"
        case Unary():
            return f"{node.operator}…"
        case Binary():
            return f"{_shown(node.left)} {node.operator} {_shown(node.right)}"[:60]
        case Listing():
            return "a list"
        case _:
            return "… ? … : …"
