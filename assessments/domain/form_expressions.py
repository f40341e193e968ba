"""Whether the expressions of a form make sense: known items, fitting types, and no circle."""

from collections.abc import Iterator

from assessments.domain.expression import Expression, ExpressionError
from assessments.domain.expression_functions import Kind
from assessments.domain.form import Form, Item
from assessments.domain.form_logic import FormScope, circles, item_logic
from trialsite.lib.document.problems import Problem


def problems(
    scope: FormScope,
) -> Iterator[Problem]:
    """What is wrong in the expressions of a form, those of unread parts left out."""
    form = scope.form
    for key, source, kind in _expressions(form):
        try:
            mistakes = Expression.of(source).mistakes(scope, kind)
        except ExpressionError as error:
            mistakes = (error,)
        yield from (Problem(key, mistake.found, mistake.expected) for mistake in mistakes)
    yield from _circles(form)


def _expressions(form: Form) -> Iterator[tuple[str, str, Kind]]:
    """(key, text, what its value must be) of each expression."""
    for group in form.groups:
        if group.show_when:
            yield f"groups.{group.code}.show_when", group.show_when, "yes_no"
    for item in form.items:
        for name, source in (("show_when", item.show_when), ("require_when", item.require_when)):
            if source:
                yield f"items.{item.code}.{name}", source, "yes_no"
        if item.calculate:
            yield f"items.{item.code}.calculate", item.calculate, item.result
    for check in form.checks:
        yield f"checks.{check.id}.holds", check.holds, "yes_no"
    for alert in form.alerts:
        yield f"alerts.{alert.id}.when", alert.when, "yes_no"


def _circles(form: Form) -> Iterator[Problem]:
    """An item that is shown, or calculated, by itself in the end."""
    depends_on: dict[str, frozenset[str]] = {}
    for item in form.items:
        try:
            depends_on[item.code] = item_logic(form, item).depends_on
        except ExpressionError:
            continue
    for circle in circles(depends_on):
        found = f"the circle {' → '.join(circle)}"
        yield Problem(_key(form.by_code[circle[0]]), found, "items that do not depend on themselves")


def _key(item: Item) -> str:
    """Where the item says what it depends on."""
    if item.calculate or item.show_when or not item.group:
        return f"items.{item.code}.{'calculate' if item.calculate else 'show_when'}"
    return f"groups.{item.group}.show_when"
