"""Rows of a query by our own text."""

from collections.abc import Mapping
from typing import Any

from django.db import connection


def rows(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
