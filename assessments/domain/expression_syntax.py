"""The text of an expression as a tree: a subset of CEL, the Common Expression Language.

https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md; what is left out, and what differs, is said in
docs/form-file.md. Size and depth are bounded, so that no text takes long to read or to evaluate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Literal as OneOf

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

LONGEST = 1000
DEEPEST = 50
LARGEST = 400

GRAMMAR = r"""
    ?start: choice
    ?choice: either | either "?" either ":" choice
    ?either: both | either "||" both              -> either
    ?both: relation | both "&&" relation          -> both
    ?relation: addition | relation RELATION addition  -> binary
             | relation "in" addition             -> within
    ?addition: product | addition SIGN product    -> binary
    ?product: unary | product FACTOR unary        -> binary
    ?unary: primary | "!" unary                   -> negation | "-" unary  -> minus
    ?primary: NUMBER                              -> number
            | TEXT                                -> text
            | "true"                              -> true
            | "false"                             -> false
            | path                                -> name
            | called
            | "[" [choice ("," choice)*] "]"      -> listing
            | "(" choice ")"
    ?called: path "(" [choice ("," choice)*] ")"  -> call
           | called "." NAME "(" [choice ("," choice)*] ")"  -> method
    path: NAME ("." NAME)*
    RELATION: "==" | "!=" | "<=" | ">=" | "<" | ">"
    SIGN: "+" | "-"
    FACTOR: "*" | "/"
    NUMBER: /[0-9]{1,15}(\.[0-9]{1,15})?/
    TEXT: /"[^"\\\n]*"|'[^'\\\n]*'/
    NAME: /[A-Za-z_][A-Za-z0-9_]*/
    %ignore /[ \t\r\n]+/
"""


class ExpressionError(ValueError):
    """Why a text is no expression: what was found, and what was expected."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Reference:
    """The item that a name means: `item` of the same form, of `form`, of `form` at the visit `visit`, in `period`.

    Without an `item` the rows of `form` are meant.
    """

    item: str
    form: str = ""
    visit: str = ""
    period: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.period, self.visit, self.form, self.item) if part)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression. Raises ExpressionError where it is too deep or too large."""

    depth: int = field(init=False, default=1, repr=False, compare=False)
    size: int = field(init=False, default=1, repr=False, compare=False)

    @property
    def parts(self) -> tuple["Node", ...]:
        """The nodes that it is made of."""
        return ()

    def __post_init__(self) -> None:
        depth = 1 + max((part.depth for part in self.parts), default=0)
        size = 1 + sum(part.size for part in self.parts)
        if depth > DEEPEST or size > LARGEST:
            found = f"{depth} levels" if depth > DEEPEST else f"{size} parts"
            raise ExpressionError(found, f"at most {DEEPEST} levels and {LARGEST} parts")
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", size)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, a text, true or false."""

    value: Decimal | str | bool


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """A list that is written out, to the right of `in`."""

    elements: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.elements


@dataclass(frozen=True, slots=True)
class Name(Node):
    """The value of an item."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """Not, or minus."""

    operator: OneOf["!", "-"]
    operand: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands joined by an operator."""

    operator: str
    left: Node
    right: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """condition ? then : otherwise."""

    condition: Node
    then: Node
    otherwise: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.condition, self.then, self.otherwise)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of its arguments."""

    function: str
    arguments: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Rows(Node):
    """The rows of a form that repeats."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Macro(Node):
    """`list.exists(variable, body)` and its like: the body once for each element, which the variable means."""

    macro: str
    list: Node
    variable: str
    body: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.list, self.body)


MACROS = ("exists", "all", "filter", "map")
# Of a list, without arguments.
METHODS = ("size", "distinct")


def references(node: Node) -> Iterator[Reference]:
    """The items that it names, and the rows; not the variables of its macros."""
    match node:
        case Name() | Rows():
            yield node.reference
        case Macro():
            yield from references(node.list)
            yield from (name for name in references(node.body) if not is_of(node.variable, name))
        case _:
            for part in node.parts:
                yield from references(part)


def row_items(node: Node) -> Iterator[Reference]:
    """The items of rows that it reads, each with the form that they are rows of."""
    if isinstance(node, Macro) and (rows := _rows_of(node.list)):
        for name in references(node.body):
            if name.form == node.variable and not name.visit:
                yield Reference(name.item, rows.form, rows.visit, rows.period)
    for part in node.parts:
        yield from row_items(part)


def _rows_of(node: Node) -> Reference | None:
    """The rows of which the elements of a list are."""
    while isinstance(node, Macro) and node.macro == "filter":
        node = node.list
    return node.reference if isinstance(node, Rows) else None


def is_of(variable: str, name: Reference) -> bool:
    """Whether the name means the variable of a macro, or an item of its row."""
    return variable in (name.form, name.item if not name.form else "") and not name.visit


def nodes(node: Node) -> Iterator[Node]:
    """The node and all inside it."""
    yield node
    for part in node.parts:
        yield from nodes(part)


@lru_cache(maxsize=4096)
def read_expression(source: str) -> Node:
    """The tree of `source`; ExpressionError with what was found and expected, and nothing else."""
    if len(source) > LONGEST:
        raise ExpressionError(f"{len(source):,} characters", f"at most {LONGEST:,} characters")
    try:
        tree = _parser().parse(source)
    except UnexpectedInput as error:
        raise ExpressionError(
            _found(source, error), "an expression such as AGE >= 18 && has(WEIGHT)"
        ) from None
    except VisitError as error:
        if isinstance(error.orig_exc, ExpressionError):
            raise error.orig_exc from None
        raise
    if not isinstance(tree, Node):
        raise ExpressionError(repr(source), "an expression")
    return tree


def _found(source: str, error: UnexpectedInput) -> str:
    """The place in the text where it stops being an expression."""
    place = error.pos_in_stream
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    if ended or place is None or not 0 <= place < len(source):
        return f"{_short(source)!r}, which ends too early"
    return f"{_short(source[place:])!r} at character {place + 1}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Node]):
    """Makes a node as soon as the parser has its parts, so that deep texts need no recursion."""

    def choice(self, condition: Node, then: Node, otherwise: Node) -> Node:
        return Conditional(condition, then, otherwise)

    def either(self, left: Node, right: Node) -> Node:
        return Binary("||", left, right)

    def both(self, left: Node, right: Node) -> Node:
        return Binary("&&", left, right)

    def within(self, left: Node, right: Node) -> Node:
        return Binary("in", left, right)

    def binary(self, left: Node, operator: Token, right: Node) -> Node:
        return Binary(str(operator), left, right)

    def negation(self, operand: Node) -> Node:
        return Unary("!", operand)

    def minus(self, operand: Node) -> Node:
        return Unary("-", operand)

    def number(self, token: Token) -> Node:
        return Literal(Decimal(str(token)))

    def text(self, token: Token) -> Node:
        return Literal(str(token)[1:-1])

    def true(self) -> Node:
        return Literal(True)

    def false(self) -> Node:
        return Literal(False)

    def path(self, *parts: Token) -> tuple[str, ...]:
        return tuple(map(str, parts))

    def call(self, path: tuple[str, ...], *arguments: Node | None) -> Node:
        *before, function = path
        if not before:
            return Call(function, tuple(argument for argument in arguments if argument is not None))
        if len(before) > 3:
            raise ExpressionError(f"'{'.'.join(before)}'", "FORM, VISIT.FORM or PERIOD.VISIT.FORM")
        return self.method(Rows(Reference("", *reversed(before))), function, *arguments)

    def method(self, of: Node, function: str, *arguments: Node | None) -> Node:
        name, given = str(function), [argument for argument in arguments if argument is not None]
        if name in METHODS and not given:
            return Call(name, (of,))
        if name not in MACROS or len(given) != 2:
            ways = [*(f"{macro}(variable, …)" for macro in MACROS), *(f"{method}()" for method in METHODS)]
            raise ExpressionError(f"'{name}' of {len(given)} arguments", f"one of {', '.join(ways)}")
        variable, body = given
        if not isinstance(variable, Name) or variable.reference.form:
            raise ExpressionError(f"{name}(…) without a variable", f"{name}(variable, …)")
        if any(isinstance(node, Macro) for node in nodes(body)):
            raise ExpressionError(f"a macro in the body of '{name}'", "macros one after the other")
        return Macro(name, of, variable.reference.item, body)

    def name(self, path: tuple[str, ...]) -> Node:
        if len(path) > 4:
            raise ExpressionError(
                f"'{'.'.join(path)}'", "ITEM, FORM.ITEM, VISIT.FORM.ITEM or PERIOD.VISIT.FORM.ITEM"
            )
        return Name(Reference(*reversed(path)))

    def listing(self, *elements: Node | None) -> Node:
        return Listing(tuple(element for element in elements if element is not None))


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_TreeBuilder(), maybe_placeholders=False)
