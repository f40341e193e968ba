"""Pages of a long list that cost the same whatever the list's length.

A page begins after a row, named in the address by the values that the list is ordered by, so that nothing before it is read;
and a list is counted no further than COUNTED. Where few rows may match, a page looks through SEARCHED rows and offers to
look further. What a page shows is found by its keys alone and read after that: a planner
that sees the joins of a whole row may read whole tables for a page.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db.models import F, Model, Q, QuerySet

COUNTED = 500
SEARCHED = 1000
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class SortKey:
    """One of the columns that a list is ordered by; the last of a list is unique. Empty values come last, in a descending
    order first, as PostgreSQL has them; `empty_first`: always first."""

    path: str
    descending: bool = False
    empty_first: bool = False

    @classmethod
    def of(cls, order: str) -> "SortKey":
        return cls(order.removeprefix("-"), order.startswith("-"))

    def order(self) -> Any:
        column = F(self.path)
        if self.descending:
            return column.desc()
        return column.asc(nulls_first=True) if self.empty_first else column.asc()

    def beyond(self, value: Any, *, nullable: bool) -> Q:
        """Rows whose value comes after `value`."""
        empty_first = self.descending or self.empty_first
        if value is None:
            return Q((f"{self.path}__isnull", False)) if empty_first else Q(pk__in=[])
        later = Q((f"{self.path}__{'lt' if self.descending else 'gt'}", value))
        return later | Q((f"{self.path}__isnull", True)) if nullable and not empty_first else later

    def same(self, value: Any) -> Q:
        return Q((f"{self.path}__isnull", True)) if value is None else Q((self.path, value))


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`n`: rows of the whole list, up to COUNTED; `more`: there are more than that. `after`: where the next page begins;
    None on the last. `is_first`: nothing comes before. `stopped`: at `after` a search stopped early, and `n` is of what
    was looked through."""

    rows: list[Row]
    n: int
    more: bool
    after: str | None
    is_first: bool
    stopped: bool = False


def page_of(rows: QuerySet[Row], keys: Sequence[SortKey], after: str | None, size: int) -> Page[Row]:
    """The `size` rows that come next after `after`, or the first where that is nonsense."""
    following, is_first = _next(rows, keys, after, size + 1)
    n = rows.order_by().values("pk")[: COUNTED + 1].count()
    return Page(
        rows=_whole(rows, following[:size]),
        n=min(n, COUNTED),
        more=n > COUNTED,
        after=_text(following[size - 1]) if len(following) > size else None,
        is_first=is_first,
    )


def search(
    matching: QuerySet[Row], among: QuerySet[Row], keys: Sequence[SortKey], after: str | None, size: int
) -> Page[Row]:
    """The same of those `matching` among the next SEARCHED of `among`, which is `matching` with the others."""
    candidates, is_first = _next(among, keys, after, SEARCHED + 1)
    stopped = len(candidates) > SEARCHED
    matches = _keys(matching.filter(pk__in=[key[-1] for key in candidates[:SEARCHED]]), keys, SEARCHED)
    full = len(matches) > size
    end = matches[size - 1] if full else candidates[SEARCHED - 1] if stopped else None
    return Page(
        rows=_whole(matching, matches[:size]),
        n=len(matches),
        more=stopped or not is_first,
        after=_text(end) if end else None,
        is_first=is_first,
        stopped=stopped and not full,
    )


def _next(
    rows: QuerySet[Any], keys: Sequence[SortKey], after: str | None, size: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """The keys of what comes next, and whether that is the beginning."""
    place = _read(after, len(keys))
    if place is not None:
        try:
            return _keys(rows.filter(_after(rows, keys, place)), keys, size), False
        except (ValueError, TypeError, ValidationError, FieldError):
            pass
    return _keys(rows, keys, size), True


def _whole(rows: QuerySet[Row], keys: Sequence[tuple[Any, ...]]) -> list[Row]:
    """The rows of `keys`, in their order."""
    by_key = {row.pk: row for row in rows.filter(pk__in=[key[-1] for key in keys])}
    return [by_key[key[-1]] for key in keys if key[-1] in by_key]


def _text(key: Sequence[Any]) -> str:
    return json.dumps(key, default=str, separators=(",", ":"))


def ordered(rows: QuerySet[Row], keys: Sequence[SortKey]) -> QuerySet[Row]:
    return rows.order_by(*(key.order() for key in keys))


def few(rows: QuerySet[Row], size: int) -> list[Row]:
    """The first `size` of `rows`, in their order."""
    keys = list(rows.values_list("pk", flat=True)[:size])
    by_key = rows.in_bulk(keys) if keys else {}
    return [by_key[key] for key in keys if key in by_key]


def _keys(rows: QuerySet[Any], keys: Sequence[SortKey], size: int) -> list[tuple[Any, ...]]:
    return list(ordered(rows, keys).values_list(*(key.path for key in keys))[:size])


def _after(rows: QuerySet[Any], keys: Sequence[SortKey], place: Sequence[Any]) -> Q:
    """A bound on the first column stands apart, for that is what an index is entered by."""
    beyond, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, place, strict=True):
        beyond |= same & key.beyond(value, nullable=_nullable(rows.model, key.path))
        same &= key.same(value)
    first, value = keys[0], place[0]
    return beyond & (first.beyond(value, nullable=_nullable(rows.model, first.path)) | first.same(value))


def _nullable(model: Any, path: str) -> bool:
    """Whether the column, or what leads to it, may be empty."""
    nullable = False
    for name in path.split("__"):
        field = model._meta.pk if name == "pk" else model._meta.get_field(name)
        nullable = nullable or field.null
        model = field.related_model or model
    return nullable


def _read(after: str | None, length: int) -> list[Any] | None:
    try:
        place = json.loads(after or "null")
    except ValueError:
        return None
    plain = isinstance(place, list) and len(place) == length and place[-1] is not None
    return place if plain and all(value is None or isinstance(value, str | int) for value in place) else None
