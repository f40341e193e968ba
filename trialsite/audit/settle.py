"""Constraints in the form in which a dump brings them back.

PostgreSQL keeps an expression as it parsed it and writes it down from that: `role = ANY ((ARRAY['a', 'b'])::text[])`.
What is read back from that text is parsed anew and may be written down otherwise from then on:
`role = ANY (ARRAY['a'::text, 'b'::text])`. A guard that compares texts would then see a change where there is none.
So `migrate` makes each such constraint and index anew from its own text, until it reads as it was written.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trialsite.lib.database import DatabaseCursor

# An expression is settled after one round; a few more cost nothing and end for certain.
ROUNDS = 3
_CHECKS = """
select c.oid::regclass::text, k.conname, pg_get_constraintdef(k.oid),
  format('alter table %s drop constraint %I, add constraint %I %s', c.oid::regclass, k.conname, k.conname,
         pg_get_constraintdef(k.oid))
from pg_constraint k join pg_class c on c.oid = k.conrelid
where k.contype = 'c' and c.relnamespace in ('public'::regnamespace, 'closed'::regnamespace) order by 1, 2
"""
_INDEXES = """
select c.oid::regclass::text, i.indexrelid::regclass::text, format('CHECK (%s)', pg_get_expr(i.indpred, i.indrelid)),
  format('drop index %s; %s', i.indexrelid::regclass, pg_get_indexdef(i.indexrelid))
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indpred is not null and i.indisunique
  and c.relnamespace in ('public'::regnamespace, 'closed'::regnamespace) order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class GuardExpression:
    """Of a constraint or a unique index of `table`: its `text` as a CHECK clause, and what makes it anew. All four
    are the catalogue's own, quoted where they have to be."""

    table: str
    name: str
    text: str
    anew: str


def settle(cursor: DatabaseCursor) -> list[str]:
    """Make anew what would read otherwise after a dump. Returns the names. As the owner, in a transaction."""
    settled: list[str] = []
    for _ in range(ROUNDS):
        unsettled = [each for each in _expressions(cursor) if _read_back(cursor, each) != each.text]
        if not unsettled:
            break
        for each in unsettled:
            cursor.execute(each.anew)
        settled += [each.name for each in unsettled]
    return settled


def _expressions(cursor: DatabaseCursor) -> Iterator[GuardExpression]:
    for query in (_CHECKS, _INDEXES):
        cursor.execute(query)
        for row in cursor.fetchall():
            yield GuardExpression(*row)


def _read_back(cursor: DatabaseCursor, expression: GuardExpression) -> str:
    """The text as PostgreSQL writes it once it has read it: tried on an empty copy of the table, taken back."""
    cursor.execute("savepoint trial")
    cursor.execute(f"create table public.trial_of_an_expression (like {expression.table})")
    cursor.execute(f"alter table public.trial_of_an_expression add constraint trial {expression.text}")
    cursor.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'trial' and conrelid ="
        " 'public.trial_of_an_expression'::regclass"
    )
    (text,) = cursor.fetchone()
    cursor.execute("rollback to savepoint trial")
    return str(text)
