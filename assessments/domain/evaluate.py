"""What a form makes of the values in it: shown, required, calculated, refused, asked about.

`evaluate` is pure and total: the same for any order of the items, and no value makes it raise.

A value that is missing is unknown in expressions, and so is the value of an item that is not shown: what was entered there
is kept, and asked about. An item is shown, and required, only where its condition is true; unknown is not true. A check
speaks only where it is false.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from assessments.domain.expression import (
    Environment,
    Expression,
    Known,
    Missing,
    Reference,
    Result,
    Row,
    known,
)
from assessments.domain.form import Form, FormAlert, Item, decimal
from assessments.domain.form_logic import ItemLogic, logic_of
from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Value, is_value, rounded

# The value of an item of another form, why there is none, or the rows of a form: of each its items' values.
Other: TypeAlias = Value | Missing | list[Mapping[str, Value | Missing]]
Rule = Literal["unknown", "type", "range", "required", "reason", "value_and_reason", "check"]
REQUIRED = "Give a value."
EXPLAINED = "Give a value, or say why there is none."
NOT_SHOWN = "This is no longer asked, and has a value. Keep it, or take it out?"
USUAL = "%(value)s is outside what is usual, %(range)s. Is it right?"


@dataclass(frozen=True, slots=True)
class FormProblem:
    """What is refused at an item. `message`: an English template to translate and fill with `params`; that of a check
    (`rule` "check") is the form's own, in the language asked for. `check`: its id."""

    item: str
    message: str
    params: Mapping[str, object]
    rule: Rule
    check: str = ""


@dataclass(frozen=True, slots=True)
class FormFinding:
    """What is asked about at an item: a query, unless there is a `comment`.

    `check`: the id of the form's check, or "usual" for the soft range, "not_shown" for a kept value; `version`: the
    check's."""

    item: str
    check: str
    version: int
    message: str
    params: Mapping[str, object]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert of the form, and what raised it: the values of its own items that it names."""

    alert: FormAlert
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Item codes in the form's order. `calculated`: what can be told; `not_shown`: items that keep a value or a reason."""

    shown: tuple[str, ...]
    required: tuple[str, ...]
    calculated: Mapping[str, Value]
    problems: tuple[FormProblem, ...]
    findings: tuple[FormFinding, ...]
    not_shown: tuple[str, ...]
    alerts: tuple[RaisedAlert, ...] = ()

    @property
    def unanswered(self) -> tuple[FormFinding, ...]:
        """Findings without a comment."""
        return tuple(finding for finding in self.findings if not finding.comment)


def references(form: Form) -> frozenset[Reference]:
    """The items of other forms that `evaluate` needs: (item, form, visit or "" for the same visit or none, period or "" for
    the same), without an item the rows; of the form itself the other rows. PROTOCOL has the parameters of the protocol."""
    return logic_of(form).references


def row_items(form: Form) -> frozenset[Reference]:
    """What of the rows `evaluate` needs."""
    return logic_of(form).row_items


def evaluate(
    form: Form,
    values: Mapping[str, Value],
    missing: Mapping[str, str] | None = None,
    *,
    today: date,
    now: datetime | None = None,
    others: Mapping[Reference, Other] | None = None,
    comments: Mapping[tuple[str, str], str] | None = None,
    language: str = "en",
) -> Evaluation:
    """Apply the form to what is in it.

    `values`, `missing`: item code → value, → code of the reason. `today`, `now`: the day and the moment at the
    site. `others`: for the `references`. `comments`: (item, check) → why somebody keeps the value.
    """
    run = _Run(form, values, missing or {}, others or {}, today, now, comments or {}, language)
    run.evaluate()
    order = {item.code: place for place, item in enumerate(form.items)}
    last = len(order)
    return Evaluation(
        shown=tuple(item.code for item in form.items if item.code in run.shown),
        required=tuple(item.code for item in form.items if item.code in run.required),
        calculated=run.calculated,
        problems=tuple(sorted(run.problems, key=lambda problem: order.get(problem.item, last))),
        findings=tuple(sorted(run.findings, key=lambda finding: order.get(finding.item, last))),
        not_shown=tuple(item.code for item in form.items if item.code in run.not_shown),
        alerts=tuple(run.alerts),
    )


@dataclass
class _Run:
    """One evaluation, while it goes on."""

    form: Form
    values: Mapping[str, Value]
    missing: Mapping[str, str]
    others: Mapping[Reference, Other]
    today: date
    now: datetime | None
    comments: Mapping[tuple[str, str], str]
    language: str
    names: dict[Reference, Known | Missing | None] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    not_shown: set[str] = field(default_factory=set)
    calculated: dict[str, Value] = field(default_factory=dict)
    problems: list[FormProblem] = field(default_factory=list)
    findings: list[FormFinding] = field(default_factory=list)
    alerts: list[RaisedAlert] = field(default_factory=list)

    def evaluate(self) -> None:
        for name, value in self.others.items():
            self.names[name] = named(value)
        self.environment = Environment(self.names, PartialDate.of(self.today), self.now)
        self._unknown_items()
        logic = logic_of(self.form)
        for own in logic.ordered:
            self._item(own)
        for own in logic.ordered:
            self._requirement(own)
        for check, expression in logic.checks:
            if expression.evaluate(self.environment) is False and check.item in self.shown:
                message = check.message.text(self.language)
                if check.severity == "hard":
                    self._refuse(check.item, message, "check", check=check.id)
                else:
                    self._ask(check.item, check.id, message, check.version)
        for alert, expression in logic.alerts:
            if expression.evaluate(self.environment) is True:
                self._alert(alert, expression)

    def _alert(self, alert: FormAlert, expression: Expression) -> None:
        named = {name.item for name in expression.references if not name.form}
        values = {**self.values, **self.calculated}
        shown = (item.code for item in self.form.items if item.code in named & self.shown)
        self.alerts.append(RaisedAlert(alert, {code: values[code] for code in shown if code in values}))

    def _unknown_items(self) -> None:
        for code in sorted({*self.values, *self.missing} - self.form.by_code.keys()):
            self._refuse(code, "This item is not part of %(form)s.", "unknown", form=self.form.code)

    def _item(self, own: ItemLogic) -> None:
        """Whether it is shown, and its value for the expressions of those after it."""
        item = own.item
        visible = all(condition.evaluate(self.environment) is True for condition in own.show)
        if visible:
            self.shown.add(item.code)
        if item.type == "calculated":
            if visible and own.calculate:
                self._calculate(item, own.calculate)
        elif item.entered:
            self._entered(item, visible)

    def _calculate(self, item: Item, expression: Expression) -> None:
        result = _as_value(item, expression.evaluate(self.environment))
        if result is not None and is_value(self.form, item, result):
            self.calculated[item.code] = result
            self.names[Reference(item.code)] = known(result)
            self._ranges(item, result)

    def _entered(self, item: Item, visible: bool) -> None:
        value, reason = self.values.get(item.code), self.missing.get(item.code, "")
        if not visible:
            if value is not None or reason:
                self.not_shown.add(item.code)
                self._ask(item.code, "not_shown", NOT_SHOWN)
            return
        if value is not None and not is_value(self.form, item, value):
            self._refuse(item.code, "This is no value of this item.", "type")
            return
        if reason and reason not in self.form.reasons(item):
            self._refuse(item.code, "“%(reason)s” is not one of the listed reasons.", "reason", reason=reason)
        if value is None:
            self.names[Reference(item.code)] = Missing(reason)
            return
        if reason:
            message = "This item has both a value and a reason for being missing. Keep only one."
            self._refuse(item.code, message, "value_and_reason")
        self.names[Reference(item.code)] = known(value)
        self._ranges(item, value)

    def _ranges(self, item: Item, value: Value) -> None:
        number = known(value)
        if not isinstance(number, Decimal) or item.type == "choice":
            return
        digits = f"{number:f}"
        if _outside(number, item.minimum, item.maximum):
            limits = _range_text(item.minimum, item.maximum, item)
            message = "%(value)s is not possible: %(range)s."
            self._refuse(item.code, message, "range", value=digits, range=limits)
        elif _outside(number, item.usual_minimum, item.usual_maximum):
            limits = _range_text(item.usual_minimum, item.usual_maximum, item)
            self._ask(item.code, "usual", USUAL, value=digits, range=limits)

    def _requirement(self, own: ItemLogic) -> None:
        item = own.item
        if not item.entered or item.code not in self.shown:
            return
        wanted = own.require is not None and own.require.evaluate(self.environment) is True
        if not item.required and not wanted:
            return
        self.required.add(item.code)
        if self.values.get(item.code) is None and not self.missing.get(item.code):
            self._refuse(item.code, EXPLAINED if self.form.reasons(item) else REQUIRED, "required")

    def _refuse(self, code: str, message: str, rule: Rule, *, check: str = "", **params: object) -> None:
        self.problems.append(FormProblem(code, message, params, rule, check))

    def _ask(self, code: str, check: str, message: str, version: int = 1, **params: object) -> None:
        comment = self.comments.get((code, check), "")
        self.findings.append(FormFinding(code, check, version, message, params, comment))


def named(value: Other) -> Known | Missing | None:
    """What a name of another form means in expressions."""
    if isinstance(value, Missing):
        return value
    if isinstance(value, list):
        return tuple(
            Row({code: kept if isinstance(kept, Missing) else known(kept) for code, kept in row.items()})
            for row in value
        )
    return known(value)


def _outside(number: Decimal, minimum: float | None, maximum: float | None) -> bool:
    too_low = minimum is not None and number < decimal(minimum)
    return too_low or (maximum is not None and number > decimal(maximum))


def _range_text(minimum: float | None, maximum: float | None, item: Item) -> str:
    """ "35 to 42 °C", "at least 0"."""
    unit = f" {item.units[0].text()}" if item.units else ""
    if minimum is None or maximum is None:
        end = minimum if minimum is not None else maximum
        return f"{'at most' if minimum is None else 'at least'} {decimal(end or 0):f}{unit}"
    return f"{decimal(minimum):f} to {decimal(maximum):f}{unit}"


def _as_value(item: Item, result: Result) -> Value | None:
    """A calculated result as a value of the item, rounded to its decimals; None where it is of another type."""
    if isinstance(result, Decimal) and item.result == "number":
        try:
            return rounded(item, result)
        except ArithmeticError:
            return None
    if isinstance(result, PartialDate):
        return result.whole if item.result == "date" else None
    if isinstance(result, bool):
        return result if item.result == "yes_no" else None
    return result if isinstance(result, str) and item.result == "text" else None
