"""The tables of the trial built again from the trail alone, and where they differ from the tables there are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

# Entries laid over one another in their order are the row. Values pass through the table's own types, so that
# an instant told in another zone is the same instant. A last entry without values: a migration removed the row.
_DIFFERENCES = """
with told as (
  select e.row_pk, min(e.chain) as chain, count(distinct e.chain) as chains, audit.merge(e.new order by e.n) as fields
  from audit.event e where e.table_name = {name} group by e.row_pk
  having not coalesce(bool_or(e.new is null), false)
), rebuilt as (
  select row_pk, chain, chains, to_jsonb(jsonb_populate_record(null::{table}, fields)) - audit.secret() as told from told
), held as (
  select t.id::text as row_pk, to_jsonb(t) as held from (select {columns} from {table}) t
)
select row_pk, chain, told, held, held ->> {participant}
from rebuilt full join held using (row_pk)
where told is distinct from held or chains <> 1
order by row_pk
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row. `told`: what the trail says it holds; `held`: what it holds; None where there is no such row."""

    table: str
    row: str
    chain: str
    told: dict[str, Any] | None
    held: dict[str, Any] | None

    def __str__(self) -> str:
        if self.held is None:
            return f"{self.table}, row {self.row}: in the trail, not in the table"
        if self.told is None:
            return f"{self.table}, row {self.row}: in the table, not in the trail"
        names = sorted(name for name in self.held if self.held[name] != self.told.get(name))
        return f"{self.table}, row {self.row}: not as the trail says: {', '.join(names)}"


def audited(cursor: Any) -> dict[str, str]:
    """Tables with an audit trigger → the column that names the participant ('' for none)."""
    cursor.execute(
        "select c.relname, split_part(encode(t.tgargs, 'escape'), '\\000', 1) from pg_trigger t"
        " join pg_class c on c.oid = t.tgrelid where t.tgname = 'z_audit' and c.relnamespace = 'public'::regnamespace"
        " order by 1"
    )
    return dict(cursor.fetchall())


def unreadable(cursor: Any) -> list[str]:
    """Audited tables of which the current role may not read every column that is compared."""
    return [
        table for table in audited(cursor) if not all(readable for _, readable in _columns(cursor, table))
    ]


def _columns(cursor: Any, table: str) -> list[tuple[str, bool]]:
    """(name, whether the current role may read it) of each column that is no secret."""
    cursor.execute(
        "select attname, has_column_privilege(attrelid, attnum, 'select') from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and not attname = any (audit.secret())"
        " order by attnum",
        [f"public.{table}"],
    )
    return list(cursor.fetchall())


def differences(cursor: Any) -> Iterator[Difference]:
    """Every row that is not, column for column, what its entries add up to."""
    for table, participant in audited(cursor).items():
        columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in _columns(cursor, table))
        cursor.execute(
            sql.SQL(_DIFFERENCES).format(
                name=sql.Literal(table),
                table=sql.Identifier("public", table),
                columns=columns,
                participant=sql.Literal(participant),
            )
        )
        for row, chain, told, held, person in cursor.fetchall():
            told, held = (json.loads(v) if isinstance(v, str) else v for v in (told, held))
            yield Difference(
                table, row, chain or (f"participant:{person}" if person else "system"), told, held
            )


def record(cursor: Any, found: Difference, why: str) -> None:
    """Write into the trail what a migration made of a row. Only the owner may."""
    changed = None
    if found.held is not None:
        told = found.told or {}
        changed = {
            name: value
            for name, value in found.held.items()
            if name not in told or told[name] != value or found.told is None
        }
    was = None if found.told is None else {name: found.told.get(name) for name in changed or found.told}
    cursor.execute(
        "select audit.record(%s, %s, %s, %s, %s, %s)",
        [found.chain, found.table, found.row, _text(was), _text(changed), why],
    )


def _text(fields: dict[str, Any] | None) -> str | None:
    return None if fields is None else json.dumps(fields)
