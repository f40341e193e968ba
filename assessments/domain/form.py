"""A form as data: what a file in assessments/forms becomes. `form_file.parse` makes it.

The annotations are the file format: each field is a key, its type and limits are what the file may say
(docs/form-file.md). A form says what is asked, where it belongs and how it is checked; `evaluate` applies it to
values, `values` reads and writes these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from assessments.domain.expression_syntax import LONGEST
from assessments.domain.label import Label
from trialsite.lib.document.limits import Bounds, TextLimit

NAME = r"[A-Za-z][A-Za-z0-9_]*"
CODED_VALUE = r"[A-Za-z0-9](?:[A-Za-z0-9 _./+()-]*[A-Za-z0-9+)])?"

FormCode = Annotated[str, TextLimit(20, NAME, "a name of letters, digits and _")]
ItemCode = Annotated[str, TextLimit(40, NAME, "a name of letters, digits and _")]
CodedValue = Annotated[str, TextLimit(60, CODED_VALUE, "a code of letters, digits, blanks and _ . / + - ( )")]
Reason = Annotated[str, TextLimit(20, CODED_VALUE, "the code of a reason")]
Version = Annotated[str, TextLimit(20)]
UnitCode = Annotated[str, TextLimit(20, called="a unit")]
Source = Annotated[str, TextLimit(LONGEST, called="an expression")]
Layout = Annotated[str, TextLimit(20, r"[a-z][a-z0-9_]*", "the name of a layout")]
Concept = Annotated[
    str, TextLimit(12, r"C[0-9]{3,8}", "a concept code of the NCI thesaurus such as 'C25298',")
]
Variable = Annotated[str, TextLimit(40, r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", "a name of capitals, digits and _")]
Domain = Annotated[str, TextLimit(2, r"[A-Z][A-Z0-9]", "a domain of two characters")]
Number = Annotated[float, Bounds(-1_000_000_000, 1_000_000_000)]

Placement = Literal["once_at_visit", "repeating_at_visit", "once", "repeating"]
ItemType = Literal[
    "integer", "decimal", "text", "long_text", "choice", "choices", "yes_no",
    "date", "partial_date", "time", "datetime", "vas", "calculated", "heading",
]  # fmt: skip
Result = Literal["number", "yes_no", "text", "date"]
Severity = Literal["hard", "soft"]
Readers = Literal["everyone", "author"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that a value may be given in. The first of an item is its standard one, with nothing to convert.

    Of the others: value in the standard unit = (value - `offset`) × `factor` / `divisor`.
    """

    code: UnitCode
    label: Label | None = None
    factor: Annotated[float, Bounds(0.000001, 1_000_000)] = 1.0
    divisor: Annotated[float, Bounds(0.000001, 1_000_000)] = 1.0
    offset: Number = 0.0
    cdisc_code: Concept | None = None

    def text(self, language: str = "en") -> str:
        """As it stands beside the field."""
        return self.label.text(language) if self.label else self.code


@dataclass(frozen=True, slots=True)
class CodeListItem:
    """One of the answers. `key`: the digit that chooses it."""

    code: CodedValue
    label: Label
    cdisc_code: Concept | None = None
    key: Annotated[int, Bounds(0, 9)] | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """Answers that items choose from."""

    code: ItemCode
    items: tuple[CodeListItem, ...]
    cdisc_code: Concept | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Items under a heading."""

    code: ItemCode
    label: Label
    help: Label | None = None
    show_when: Source | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A question, or a heading between questions. Ranges are in the standard unit, both ends allowed.

    `minimum`, `maximum`: what is outside is refused. `usual_minimum`, `usual_maximum`: what is outside is asked about.
    """

    code: ItemCode
    type: ItemType
    label: Label
    help: Label | None = None
    group: ItemCode | None = None
    required: bool = False
    units: tuple[Unit, ...] = ()
    decimals: Annotated[int, Bounds(0, 10, "digits")] | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    usual_minimum: Number | None = None
    usual_maximum: Number | None = None
    longest: Annotated[int, Bounds(1, 20_000, "characters")] | None = None
    code_list: ItemCode | None = None
    missing_reasons: tuple[Reason, ...] | None = None
    show_when: Source | None = None
    require_when: Source | None = None
    calculate: Source | None = None
    result: Result = "number"
    cdash: Variable | None = None
    sdtm_variable: Variable | None = None
    sdtm_test: Variable | None = None
    cdisc_code: Concept | None = None

    @property
    def has_value(self) -> bool:
        """Whether a value is kept of it: a heading has none."""
        return self.type != "heading"

    @property
    def entered(self) -> bool:
        """Whether somebody fills it in."""
        return self.type not in ("heading", "calculated")

    def unit(self, code: str) -> Unit | None:
        """That unit of its own."""
        return next((unit for unit in self.units if unit.code == code), None)


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold among items. `hard`: refused while it does not; `soft`: asked about at `item`, kept with a comment.

    It is silent while it cannot be told (a value is missing). `version` goes up when its meaning changes.
    """

    id: ItemCode
    holds: Source
    message: Label
    severity: Severity
    item: ItemCode
    version: Annotated[int, Bounds(1, 1000)] = 1


@dataclass(frozen=True, slots=True)
class FormAlert:
    """When somebody must act for the participant's safety at once. It is silent while `when` cannot be told."""

    id: ItemCode
    when: Source
    text: Label


@dataclass(frozen=True)
class Form:
    """`missing_reasons`: codes of the protocol's reasons, for items that name none of their own.

    `layout`: the page template. `repeat_label`: what one row is called. `row_title`: the items that name a row.
    `readers`: who reads what is recorded, by its author alone or by everyone of the study. `apart_from`: forms that at the
    same visit another person fills in. `treatment_guess`: the item whose answers are codes of arms.
    """

    code: FormCode
    title: Label
    version: Version
    placement: Placement
    items: tuple[Item, ...]
    groups: tuple[Group, ...] = ()
    code_lists: tuple[CodeList, ...] = ()
    checks: tuple[Check, ...] = ()
    missing_reasons: tuple[Reason, ...] = ()
    layout: Layout = "column"
    domain: Domain | None = None
    repeat_label: Label | None = None
    row_title: tuple[ItemCode, ...] = ()
    readers: Readers = "everyone"
    apart_from: tuple[FormCode, ...] = ()
    treatment_guess: ItemCode | None = None
    alerts: tuple[FormAlert, ...] = ()

    @property
    def withheld(self) -> bool:
        """Whether only who entered a record reads it."""
        return self.readers == "author"

    @property
    def repeats(self) -> bool:
        """Whether it is a table of rows."""
        return self.placement in ("repeating", "repeating_at_visit")

    @property
    def at_visit(self) -> bool:
        """Whether it belongs to a visit."""
        return self.placement in ("once_at_visit", "repeating_at_visit")

    @cached_property
    def by_code(self) -> Mapping[str, Item]:
        """Its items by their codes."""
        return {item.code: item for item in self.items}

    @cached_property
    def groups_by_code(self) -> Mapping[str, Group]:
        """Its groups by their codes."""
        return {group.code: group for group in self.groups}

    @cached_property
    def _lists(self) -> Mapping[str, tuple[CodeListItem, ...]]:
        return {code_list.code: code_list.items for code_list in self.code_lists}

    def choices(self, item: Item) -> tuple[CodeListItem, ...]:
        """The answers of an item with a code list; of yes and no without one, entered or calculated, Yes and No."""
        if not item.code_list and (item.type == "yes_no" or item.result == "yes_no"):
            return YES_NO
        return self._lists.get(item.code_list or "", ())

    def reasons(self, item: Item) -> tuple[str, ...]:
        """The codes of the reasons why the item may be missing."""
        if not item.entered:
            return ()
        return self.missing_reasons if item.missing_reasons is None else item.missing_reasons


# Codes of the CDISC codelist NY.
YES_NO = (
    CodeListItem("Y", Label((("", "Yes"),)), "C49488"),
    CodeListItem("N", Label((("", "No"),)), "C49487"),
)


def decimal(number: float) -> Decimal:
    """A number of a form file, with the digits that stand there.

    >>> decimal(0.45359237)
    Decimal('0.45359237')
    >>> decimal(37.0)
    Decimal('37')
    """
    return Decimal(int(number)) if number == int(number) else Decimal(repr(float(number)))
