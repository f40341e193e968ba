"""What holds one part of a form file against another."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise

from assessments.domain.form import Form, Item
from assessments.domain.label import Label
from trialsite.lib.document.keys import nearest
from trialsite.lib.document.problems import Problem

NUMERIC = ("integer", "decimal", "vas", "calculated")
ENTERED = (
    "integer", "decimal", "text", "long_text", "choice", "choices", "yes_no", "date", "partial_date", "time", "datetime",
    "vas",
)  # fmt: skip
# Key of an item → the types that have it.
KEYS_OF_TYPES: Mapping[str, tuple[str, ...]] = {
    "units": NUMERIC,
    "decimals": ("decimal", "calculated"),
    "minimum": NUMERIC,
    "maximum": NUMERIC,
    "usual_minimum": NUMERIC,
    "usual_maximum": NUMERIC,
    "longest": ("text", "long_text"),
    "code_list": ("choice", "choices", "yes_no"),
    "calculate": ("calculated",),
    "required": ENTERED,
    "require_when": ENTERED,
    "missing_reasons": ENTERED,
    "cdash": (*ENTERED, "calculated"),
    "sdtm_variable": (*ENTERED, "calculated"),
    "sdtm_test": (*ENTERED, "calculated"),
}
# Names that an expression would not read as an item.
WORDS = ("true", "false", "in")
# Findings that every form can have.
OWN_FINDINGS = ("usual", "not_shown")


def problems(
    form: Form,
    unread: frozenset[str],
    missing_reasons: Collection[str] | None,
    layouts: Collection[str] | None,
) -> Iterator[Problem]:
    """All of them; `unread`: codes that stand in the file and could not be read."""
    yield from _twice("items", [item.code for item in form.items])
    yield from _twice("groups", [group.code for group in form.groups])
    yield from _twice("code_lists", [code_list.code for code_list in form.code_lists])
    yield from _twice("checks", [check.id for check in form.checks])
    yield from _twice("alerts", [alert.id for alert in form.alerts])
    for item in form.items:
        yield from _item(form, item, unread)
    yield from _code_lists(form)
    yield from _places(form, unread)
    yield from _readers(form, unread)
    yield from _languages(form)
    if form.withheld and form.alerts:
        yield Problem(
            "alerts", "alerts of a form that its author alone reads", "none: others would read its values"
        )
    yield from _reasons(form, missing_reasons)
    if layouts is not None and form.layout and form.layout not in layouts:
        yield _unknown("layout", form.layout, "a layout", layouts)
    if not any(item.entered for item in form.items) and not unread:
        yield Problem("items", "nothing to fill in", "at least one item that is filled in")


def _twice(key: str, codes: Iterable[str]) -> Iterator[Problem]:
    for code, count in Counter(codes).items():
        if count > 1:
            yield Problem(f"{key}.{code}", f"'{code}' {count} times", "each code once")


def _unknown(key: str, name: str, expected: str, names: Collection[str]) -> Problem:
    near = nearest(name, sorted(names))
    hint = f"; did you mean '{near}'?" if near else f": one of {', '.join(sorted(names)) or 'none'}"
    return Problem(key, f"'{name}'", expected + hint)


def _item(form: Form, item: Item, unread: frozenset[str]) -> Iterator[Problem]:
    key = f"items.{item.code}"
    if item.code in WORDS:
        yield Problem(f"{key}.code", f"'{item.code}'", "a name that is no word of the expressions")
    for name, types in KEYS_OF_TYPES.items():
        if getattr(item, name) not in (None, (), False) and item.type not in types:
            yield Problem(
                f"{key}.{name}", f"this key at an item of the type {item.type}", f"it at {_list(types)} only"
            )
    if item.type == "calculated" and not item.calculate:
        yield Problem(f"{key}.calculate", "nothing", "an expression, for this item is calculated")
    if item.result != "number" and item.type != "calculated":
        yield Problem(
            f"{key}.result", f"this key at an item of the type {item.type}", "it at calculated only"
        )
    if item.group and item.group not in form.groups_by_code and item.group not in unread:
        yield _unknown(f"{key}.group", item.group, "the code of a group", form.groups_by_code)
    yield from _code_list(form, item, unread)
    yield from _ranges(key, item)
    yield from _units(key, item)


def _list(types: Iterable[str]) -> str:
    return ", ".join(types)


def _code_list(form: Form, item: Item, unread: frozenset[str]) -> Iterator[Problem]:
    key = f"items.{item.code}.code_list"
    names = [code_list.code for code_list in form.code_lists]
    if item.code_list is None:
        if item.type in ("choice", "choices"):
            yield Problem(key, "nothing", f"the code of a code list, for this item is a {item.type}")
    elif item.code_list not in names:
        if item.code_list not in unread:
            yield _unknown(key, item.code_list, "the code of a code list", names)
    elif item.type == "yes_no" and sorted(choice.code for choice in form.choices(item)) != ["N", "Y"]:
        yield Problem(key, f"'{item.code_list}'", "a list of the codes Y and N, for this item is yes or no")


def _ranges(key: str, item: Item) -> Iterator[Problem]:
    order = ("minimum", "usual_minimum", "usual_maximum", "maximum")
    ends = [(name, getattr(item, name)) for name in order]
    if item.type == "vas":
        ends = [("minimum", 0.0), *ends[1:3], ("maximum", 100.0)]
        for name in ("minimum", "maximum"):
            if getattr(item, name) is not None:
                yield Problem(f"{key}.{name}", "this key at a vas", "none: it goes from 0 to 100")
    present = [(name, end) for name, end in ends if end is not None]
    for (lower_name, lower), (name, end) in pairwise(present):
        if end < lower:
            yield Problem(f"{key}.{name}", f"{end:g}", f"at least {lower:g}, the {lower_name}")


def _units(key: str, item: Item) -> Iterator[Problem]:
    yield from _twice(f"{key}.units", [unit.code for unit in item.units])
    if len(item.units) > 1 and item.type != "decimal":
        yield Problem(
            f"{key}.units", f"{len(item.units)} units", f"one unit, for this item is of the type {item.type}"
        )
    if item.units and (item.units[0].factor, item.units[0].divisor, item.units[0].offset) != (1, 1, 0):
        found = f"'{item.units[0].code}' with a conversion"
        yield Problem(
            f"{key}.units.{item.units[0].code}", found, "the standard unit first, with nothing to convert"
        )


def _code_lists(form: Form) -> Iterator[Problem]:
    for code_list in form.code_lists:
        key = f"code_lists.{code_list.code}.items"
        if not code_list.items:
            yield Problem(key, "an empty list", "at least one answer")
        yield from _twice(key, [answer.code for answer in code_list.items])
        for digit, count in Counter(a.key for a in code_list.items if a.key is not None).items():
            if count > 1:
                yield Problem(key, f"the key {digit} {count} times", "each key once")


def _places(form: Form, unread: frozenset[str]) -> Iterator[Problem]:
    """Items that the checks and the row's title name, and the name of a row."""
    values = [item.code for item in form.items if item.has_value]
    for check in form.checks:
        if check.item not in form.by_code and check.item not in unread:
            yield _unknown(f"checks.{check.id}.item", check.item, "the code of an item", values)
        if check.id in OWN_FINDINGS:
            yield Problem(
                f"checks.{check.id}.id", f"'{check.id}'", "a name that no finding of every form has"
            )
    for position, code in enumerate(form.row_title, start=1):
        if code not in values and code not in unread:
            yield _unknown(f"row_title[{position}]", code, "the code of an item", values)
    if form.repeats and form.repeat_label is None:
        yield Problem("repeat_label", "nothing", "what one row is called, for this form repeats")
    if not form.repeats and form.placement and (form.repeat_label or form.row_title):
        key = "repeat_label" if form.repeat_label else "row_title"
        yield Problem(key, "this key in a form that does not repeat", "it in a form that repeats")


def _readers(form: Form, unread: frozenset[str]) -> Iterator[Problem]:
    """What one person alone reads names no row; a guess of the treatment is read by no other and chosen from codes."""
    if form.withheld and form.row_title:
        yield Problem(
            "row_title", "this key in a form that its author alone reads", "none: others read names of rows"
        )
    if form.apart_from and form.placement not in ("once_at_visit", None):
        yield Problem(
            "apart_from", "this key in another form", "it in a form that is filled in once at a visit"
        )
    code = form.treatment_guess
    if code is None or code in unread:
        return
    choices = [item.code for item in form.items if item.type == "choice"]
    if code not in choices:
        yield _unknown("treatment_guess", code, "the code of a choice", choices)
    if form.placement not in ("once_at_visit", None):
        yield Problem(
            "treatment_guess", "this key in another form", "it in a form that is filled in once at a visit"
        )
    if form.readers == "everyone":
        yield Problem(
            "readers", f"'{form.readers}'", "'author', for this form asks for a guess of the treatment"
        )


def _languages(form: Form) -> Iterator[Problem]:
    """A form with a title in several languages has every label in each of them, or without a language."""
    wanted = form.title.languages if form.title else frozenset()
    for key, label in _labels(form):
        languages = label.languages
        if languages and not wanted and form.title:
            yield Problem(key, f"languages {_list(sorted(languages))}", "a title in the same languages")
        elif languages and wanted - languages:
            found = f"languages {_list(sorted(languages))}"
            yield Problem(key, found, f"all of the title: {_list(sorted(wanted))}")


def _labels(form: Form) -> Iterator[tuple[str, Label]]:
    parts: list[tuple[str, Label | None]] = [("repeat_label", form.repeat_label)]
    for group in form.groups:
        parts += [(f"groups.{group.code}.label", group.label), (f"groups.{group.code}.help", group.help)]
    for item in form.items:
        parts += [(f"items.{item.code}.label", item.label), (f"items.{item.code}.help", item.help)]
        parts += [(f"items.{item.code}.units.{unit.code}.label", unit.label) for unit in item.units]
    for code_list in form.code_lists:
        parts += [(f"code_lists.{code_list.code}.items.{a.code}.label", a.label) for a in code_list.items]
    parts += [(f"checks.{check.id}.message", check.message) for check in form.checks]
    parts += [(f"alerts.{alert.id}.text", alert.text) for alert in form.alerts]
    yield from ((key, label) for key, label in parts if label is not None)


def _reasons(form: Form, known: Collection[str] | None) -> Iterator[Problem]:
    """Reasons are the protocol's."""
    if known is None:
        return
    named = [("missing_reasons", form.missing_reasons)]
    named += [(f"items.{item.code}.missing_reasons", item.missing_reasons or ()) for item in form.items]
    for key, codes in named:
        for position, code in enumerate(codes, start=1):
            if code not in known:
                yield _unknown(f"{key}[{position}]", code, "the code of a reason of the protocol", known)
