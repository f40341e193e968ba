"""The tables of the trial built again from the trail alone, and where they differ from the tables there are."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from trialsite.lib.database import DatabaseCursor

# Entries laid over one another in their order are the row. Values pass through the table's own types, so that
# an instant written in another zone is the same instant. A last entry without values: a migration removed the row.
_DIFFERENCES = """
with recorded as (
  select e.row_pk, min(e.chain) as chain, count(distinct e.chain) as chains, audit.merge(e.new order by e.n) as fields
  from audit.event e where e.table_name = {name} group by e.row_pk
  having not coalesce(bool_or(e.new is null), false)
), rebuilt as (
  select row_pk, chain, chains,
    to_jsonb(jsonb_populate_record(null::{table}, fields - audit.secret())) - audit.secret() as recorded
  from recorded
), held as (
  select t.id::text as row_pk, to_jsonb(t) as held from (select {columns} from {table}) t
)
select row_pk, chain, recorded, held, held ->> {participant}
from rebuilt full join held using (row_pk)
where recorded is distinct from held or chains <> 1
order by row_pk
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row. `recorded`: what the trail says it holds; `held`: what it holds; None where there is no such row."""

    table: str
    row: str
    chain: str
    recorded: dict[str, Any] | None
    held: dict[str, Any] | None

    def __str__(self) -> str:
        if self.held is None:
            return f"{self.table}, row {self.row}: in the trail, not in the table"
        if self.recorded is None:
            return f"{self.table}, row {self.row}: in the table, not in the trail"
        names = sorted(name for name in self.held if self.held[name] != self.recorded.get(name))
        return f"{self.table}, row {self.row}: not as the trail says: {', '.join(names)}"


@dataclass(frozen=True, slots=True)
class ReplayMark:
    """A table as it stood: its `columns`, `rows` and the first transaction `since`."""

    columns: str
    rows: int
    since: str


def marks(cursor: DatabaseCursor) -> dict[str, ReplayMark]:
    """Audited table → how it stands now."""
    cursor.execute("select pg_snapshot_xmax(pg_current_snapshot())::xid::text")
    (now,) = cursor.fetchone()
    return {
        table: ReplayMark(_definition(cursor, table), _count(cursor, table, now)[0], now)
        for table in audited(cursor)
    }


def touched(cursor: DatabaseCursor, before: dict[str, ReplayMark]) -> list[str]:
    """Audited tables in which a row may differ from what it was at `before`: another column, another number of rows, or a
    row written since. A row that is rewritten, changed or added bears the number of the transaction that did it."""
    return [
        table
        for table in audited(cursor)
        if (mark := before.get(table)) is None
        or mark.columns != _definition(cursor, table)
        or _count(cursor, table, mark.since) != (mark.rows, 0)
    ]


def _definition(cursor: DatabaseCursor, table: str) -> str:
    cursor.execute(
        "select string_agg(concat_ws(' ', attnum, attname, atttypid, atttypmod, attmissingval), ', ' order by attnum)"
        " from pg_attribute where attrelid = %s::regclass and attnum > 0",
        [f"public.{table}"],
    )
    return str(cursor.fetchone()[0])


def _count(cursor: DatabaseCursor, table: str, since: str) -> tuple[int, int]:
    """Rows, and of them those written by transaction `since` or a later one."""
    cursor.execute(
        sql.SQL("select count(*), count(*) filter (where age(xmin) <= age(%s::xid)) from {}").format(
            sql.Identifier("public", table)
        ),
        [since],
    )
    rows, written = cursor.fetchone()
    return rows, written


def audited(cursor: DatabaseCursor) -> dict[str, str]:
    """Tables with an audit trigger → the column that names the participant ('' for none). `z_audit` is that of a
    database that is not migrated yet."""
    cursor.execute(
        "select distinct c.relname, split_part(encode(t.tgargs, 'escape'), '\\000', 1) from pg_trigger t"
        " join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'public'::regnamespace"
        " and t.tgname in ('audit_insert', 'audit_update', 'audit_delete', 'z_audit') order by 1"
    )
    return dict(cursor.fetchall())


def unreadable(cursor: DatabaseCursor) -> list[str]:
    """Audited tables of which the current role may not read every column that is compared."""
    return [
        table for table in audited(cursor) if not all(readable for _, readable in _columns(cursor, table))
    ]


def _columns(cursor: DatabaseCursor, table: str) -> list[tuple[str, bool]]:
    """(name, whether the current role may read it) of each column that is no secret."""
    cursor.execute(
        "select attname, has_column_privilege(attrelid, attnum, 'select') from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and not attname = any (audit.secret())"
        " order by attnum",
        [f"public.{table}"],
    )
    return list(cursor.fetchall())


def differences(cursor: DatabaseCursor, tables: Collection[str] | None = None) -> Iterator[Difference]:
    """Every row, of `tables` if given, that is not, column for column, what its entries add up to."""
    for table, participant in audited(cursor).items():
        if tables is not None and table not in tables:
            continue
        columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in _columns(cursor, table))
        cursor.execute(
            sql.SQL(_DIFFERENCES).format(
                name=sql.Literal(table),
                table=sql.Identifier("public", table),
                columns=columns,
                participant=sql.Literal(participant),
            )
        )
        for row, chain, recorded, held, participant_id in cursor.fetchall():
            recorded, held = (json.loads(v) if isinstance(v, str) else v for v in (recorded, held))
            yield Difference(
                table,
                row,
                chain or (f"participant:{participant_id}" if participant_id else "system"),
                recorded,
                held,
            )


def record(cursor: DatabaseCursor, difference: Difference, why: str) -> None:
    """Write into the trail what a migration made of a row. Only the owner may."""
    changed = None
    if difference.held is not None:
        recorded = difference.recorded or {}
        changed = {
            name: value
            for name, value in difference.held.items()
            if name not in recorded or recorded[name] != value or difference.recorded is None
        }
    was = (
        None
        if difference.recorded is None
        else {name: difference.recorded.get(name) for name in changed or difference.recorded}
    )
    cursor.execute(
        "select audit.record(%s, %s, %s, %s, %s, %s)",
        [difference.chain, difference.table, difference.row, _text(was), _text(changed), why],
    )


def _text(fields: dict[str, Any] | None) -> str | None:
    return None if fields is None else json.dumps(fields)
