"""What a saved record brings with it besides itself, each by its name, in the transaction of the change, whose caller has
authorised."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone

from assessments.domain.evaluate import named
from assessments.domain.expression import Environment, Expression
from assessments.domain.partial_date import PartialDate
from assessments.entry.others import named_values
from assessments.entry.selectors import FormPlace
from assessments.models import Record
from assessments.selectors import instruments_due
from enrollment.models import Participant, Visit
from enrollment.protocol.model import Criterion
from enrollment.protocol.treatments import source_of
from enrollment.services import mark_performed, record_fact, settle_schedule
from trialsite.accounts.models import User


def visit_took_place(saved: Record, place: FormPlace, by: User) -> None:
    """Where no rating says so."""
    visit = place.visit
    done = saved.status not in (Record.Status.NOT_DONE, Record.Status.STRUCK_OUT)
    if done and visit and visit.status == Visit.Status.PLANNED and not instruments_due(visit):
        mark_performed({visit.pk: saved.performed_on})
        if visit.period:
            settle_schedule({place.participant.pk: visit.period.number}, by=by)


def eligibility_hears(saved: Record, place: FormPlace, by: User) -> None:
    """Of what criteria say of the form, also of a row that is struck out or reinstated."""
    hear_criteria(place.participant, saved.form)


Effect = Callable[[Record, FormPlace, User], None]
EFFECTS: Mapping[str, Effect] = {"visit took place": visit_took_place, "eligibility": eligibility_hears}


def apply_effects(saved: Record, place: FormPlace, by: User) -> None:
    for effect in EFFECTS.values():
        effect(saved, place, by)


def hear_criteria(participant: Participant, form: str = "") -> None:
    """Record what the criteria name of the participant's forms (of `form` alone), as facts of eligibility."""
    for criterion in participant.protocol.definition.criteria:
        forms = forms_named(criterion)
        if form in forms if form else forms:
            source = f"form {', '.join(sorted(forms))}"
            record_fact(participant, criterion.fact, _number(participant, criterion), source=source)


def forms_named(criterion: Criterion) -> frozenset[str]:
    """Codes of the forms that the criterion's value rests on."""
    source = source_of(criterion)
    return frozenset(name.form for name in Expression.of(source).references) if source else frozenset()


def judged_codes(criteria: Iterable[Criterion]) -> frozenset[str]:
    """Codes of the forms that any of the criteria rests on."""
    return frozenset().union(*map(forms_named, criteria))


def _number(participant: Participant, criterion: Criterion) -> float | None:
    expression = Expression.of(source_of(criterion))
    values = named_values(participant, expression.references, expression.row_items)
    now: datetime = timezone.now().astimezone(ZoneInfo(participant.site.timezone))
    names = {name: named(value) for name, value in values.items()}
    value = expression.evaluate(Environment(names, PartialDate.of(now.date()), now))
    return float(value) if isinstance(value, Decimal) else None
