"""Many rows of a model by one statement, as arrays: an object a row would cost more than the database does."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def insert_like(
    template: Model, columns: Mapping[str, Sequence[object]], returning: Sequence[str] = ("id",)
) -> list[tuple[Any, ...]]:
    """Insert a row for each position of `columns` (field's attribute → values), all else as in `template`.

    Values of JSON are given as their text. Returns the columns `returning` of what was inserted, in any order.
    """
    arrayed, select, fixed = [], [], []
    for field in template._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.attname in columns:
            arrayed.append(field)
            select.append(f'new."{field.column}"::{_kind(field)}')
        else:
            select.append(f"%s::{_kind(field)}")
            fixed.append(field.get_db_prep_save(field.pre_save(template, add=True), connection))
    targets = ", ".join(f'"{f.column}"' for f in template._meta.concrete_fields if not f.primary_key)
    arrays = ", ".join("%s::text[]" if _kind(f) == "jsonb" else f"%s::{_kind(f)}[]" for f in arrayed)
    names = ", ".join(f'"{f.column}"' for f in arrayed)
    source = f"select {', '.join(select)} from unnest({arrays}) as new ({names})"  # noqa: S608 - names of our own
    query = f'insert into "{template._meta.db_table}" ({targets}) {source} returning {", ".join(returning)}'
    with connection.cursor() as cursor:
        cursor.execute(query, [*fixed, *(list(columns[field.attname]) for field in arrayed)])
        return list(cursor.fetchall())


def _kind(field: "Field[Any, Any]") -> str:
    """The column's type, without a length: a cast to one would cut silently what an assignment refuses."""
    kind = field.db_type(connection) or "text"
    return "text" if kind.startswith("varchar") else kind
