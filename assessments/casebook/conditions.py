"""A condition of a form file in the words of its labels: "Other drugs of abuse = Positive"."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from assessments.domain.expression_syntax import (
    Binary,
    Call,
    ExpressionError,
    Listing,
    Literal,
    Name,
    Node,
    Reference,
    Unary,
    read_expression,
)
from assessments.domain.form import Form, Item

# A longer sentence helps nobody who holds a pen.
LONGEST = 240
COMPARISONS = {"==": "=", "!=": "≠", "<": "<", ">": ">", "<=": "≤", ">=": "≥"}


class _NotSimpleError(Exception):
    """The expression is more than a comparison of items with answers."""


def condition_text(form: Form, source: str, forms: Mapping[str, Form], language: str) -> str:
    """`source` in words; empty where it is not simple. `forms`: those that it may name, by code."""
    try:
        text = _Words(form, forms, language).of(read_expression(source))
    except (_NotSimpleError, ExpressionError):
        return ""
    return text if len(text) <= LONGEST else ""


@dataclass(frozen=True, slots=True)
class _Words:
    form: Form
    forms: Mapping[str, Form]
    language: str

    def of(self, node: Node) -> str:
        match node:
            case Name():
                return self._answer(node, "Y")
            case Unary(operator="!", operand=Name() as name):
                return self._answer(name, "N")
            case Unary(operator="!", operand=Call() as call):
                return self._call(call, holds=False)
            case Call():
                return self._call(node, holds=True)
            case Binary(operator="&&" | "||"):
                return self._joined(node)
            case Binary(operator="in"):
                return self._within(node)
            case Binary() if node.operator in COMPARISONS:
                return self._compared(node)
        raise _NotSimpleError

    def _joined(self, node: Binary) -> str:
        """Parts of another kind in brackets."""
        word = _("and") if node.operator == "&&" else _("or")
        parts = [
            f"({self.of(part)})"
            if isinstance(part, Binary) and part.operator in ("&&", "||") and part.operator != node.operator
            else self.of(part)
            for part in (node.left, node.right)
        ]
        return f" {word} ".join(parts)

    def _compared(self, node: Binary) -> str:
        left, right = node.left, node.right
        if isinstance(left, Name) and isinstance(right, Literal):
            form, item = self._item(left.reference)
            value = self._literal(form, item, right)
            return f"{item.label.text(self.language)} {COMPARISONS[node.operator]} {value}"
        if isinstance(left, Call) and isinstance(right, Literal) and left.function == "reason":
            return self._reason(left, node.operator, right)
        raise _NotSimpleError

    def _reason(self, call: Call, operator: str, reason: Literal) -> str:
        if operator != "==" or reason.value == "" or not isinstance(call.arguments[0], Name):
            raise _NotSimpleError
        item = self._item(call.arguments[0].reference)[1]
        return _("%(item)s has no value: %(reason)s") % {
            "item": item.label.text(self.language),
            "reason": reason.value,
        }

    def _within(self, node: Binary) -> str:
        left, right = node.left, node.right
        if isinstance(left, Literal) and isinstance(right, Name):
            form, item = self._item(right.reference)
            return _("%(item)s includes %(answer)s") % {
                "item": item.label.text(self.language),
                "answer": self._literal(form, item, left),
            }
        if isinstance(left, Name) and isinstance(right, Listing):
            form, item = self._item(left.reference)
            answers = [self._literal(form, item, element) for element in right.elements]
            joined = f" {_('or')} ".join(answers)
            return f"{item.label.text(self.language)} = {joined}"
        raise _NotSimpleError

    def _call(self, call: Call, *, holds: bool) -> str:
        if call.function != "has" or not isinstance(call.arguments[0], Name):
            raise _NotSimpleError
        item = self._item(call.arguments[0].reference)[1]
        template = _("%(item)s has a value") if holds else _("%(item)s has no value")
        return template % {"item": item.label.text(self.language)}

    def _answer(self, name: Name, code: str) -> str:
        """Of an item that is yes or no."""
        form, item = self._item(name.reference)
        if item.type != "yes_no":
            raise _NotSimpleError
        return f"{item.label.text(self.language)} = {self._label(form, item, code)}"

    def _item(self, reference: Reference) -> tuple[Form, Item]:
        form = self.forms.get(reference.form) if reference.form else self.form
        item = form.by_code.get(reference.item) if form else None
        if form is None or item is None or reference.visit:
            raise _NotSimpleError
        return form, item

    def _literal(self, form: Form, item: Item, node: Node) -> str:
        match node:
            case Literal(value=bool(value)):
                return self._label(form, item, "Y" if value else "N")
            case Literal(value=Decimal() as number):
                unit = f" {item.units[0].text(self.language)}" if item.units else ""
                return f"{number:f}{unit}"
            case Literal(value=str(code)):
                return self._label(form, item, code)
        raise _NotSimpleError

    def _label(self, form: Form, item: Item, code: str) -> str:
        labels = {choice.code: choice.label.text(self.language) for choice in form.choices(item)}
        return labels.get(code, code)
