"""What was promised against what there is. One question for the product and for the controls that must fail it."""

import uuid
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from analysis.dashboard.services import figures_of
from analysis.models import Outcome, ParticipantOutcome, StudySummary
from analysis.outcomes.services import recompute
from assessments.models import Assessment
from tests.faults.load import Save
from tests.faults.stack import Stack
from trialsite.lib import codec

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Version = tuple[int, int]


def lost(promised: Mapping[Key, Value], kept: Mapping[Key, Value]) -> list[Key]:
    """The promised that are not there, or are there with another value."""
    return [key for key, value in promised.items() if key not in kept or kept[key] != value]


def acknowledged(saves: Iterable[Save]) -> dict[Version, tuple[int, str]]:
    """(Visit, version) → (total, reason), of every save that was answered with success."""
    return {(save.visit, save.version): (save.total, save.reason) for save in saves}


def in_the_trail(stack: Stack, visits: Collection[int]) -> list[tuple[Version, tuple[int, str]]]:
    """Every version that the trail knows of a rating at these visits, as often as it knows it."""
    rows = stack.sql(
        "select a.visit_id, (e.new->>'version')::int, (e.new->>'total')::int,"
        "  case when e.op = 'I' then '' else e.reason end"
        " from audit.event e join assessments_assessment a on a.id::text = e.row_pk"
        " where e.table_name = 'assessments_assessment' and a.visit_id = any(%s)",
        list(visits),
    )
    return [((visit, version), (total, reason)) for visit, version, total, reason in rows]


def last(saves: Iterable[Save]) -> dict[int, tuple[int, int]]:
    """Visit → (version, total), of the last save of each rating."""
    rows: dict[int, tuple[int, int]] = {}
    for save in saves:
        rows[save.visit] = max(rows.get(save.visit, (0, 0)), (save.version, save.total))
    return rows


def in_the_table(stack: Stack, visits: Collection[int]) -> dict[int, tuple[int, int]]:
    """Visit → (version, total), of the ratings as they stand."""
    statement = "select visit_id, version, total from assessments_assessment where visit_id = any(%s)"
    return {visit: (version, total) for visit, version, total in stack.sql(statement, list(visits))}


def first_forms(saves: Iterable[Save]) -> set[uuid.UUID]:
    """The tokens of the forms that made a record."""
    return {save.token for save in saves if save.version == 1}


def forms_in_the_table(stack: Stack, visits: Collection[int]) -> list[uuid.UUID]:
    """The form token of every record at these visits."""
    statement = "select form_token::text from assessments_assessment where visit_id = any(%s)"
    return [uuid.UUID(token) for (token,) in stack.sql(statement, list(visits))]


def effects_due() -> dict[int, int]:
    """Rating → version, of every rating that outcomes rest on. Inside the database that was hurt."""
    return dict(Assessment.objects.filter(visit__period__isnull=False).values_list("pk", "version"))


def effects() -> dict[int, int]:
    """Rating → version, as the outcomes say that they were derived from."""
    inputs = Outcome.objects.values_list("inputs", flat=True)
    return {rating: version for rows in inputs for rating, version in rows.values()}


def stale() -> list[str]:
    """Derived rows that a fresh derivation would change."""
    models = (Outcome, ParticipantOutcome)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    recompute(sorted(set(Outcome.objects.values_list("participant", flat=True))))
    after = [list(model.objects.order_by("pk").values()) for model in models]
    rows = [
        f"{model.__name__} {row['id']}"
        for model, olds, news in zip(models, before, after, strict=True)
        for row, old in zip(news, olds, strict=True)
        if row != old
    ]
    return rows + [
        f"summary {s.pk}"
        for s in StudySummary.objects.all()
        if s.figures != codec.encode(figures_of(s.study))
    ]
