"""A study many times over, by a few statements over whole tables: what measurements of scale are made in.

Every participant with all that is recorded of them, their trail and their allocation, under new keys. As the superuser and
with the triggers off, so that 100,000 people take minutes; never for data of a trial. The chains keep the hashes of the
original and do not verify.
"""
# ruff: noqa: S608 - names of our own

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import psycopg2

from trialsite.lib.database import DatabaseCursor

PEOPLE = "enrollment_participant"
# What `inputs` of derived rows name by key and version.
_MADE_OF = {"analysis_outcome": "assessments_assessment", "analysis_participantoutcome": "enrollment_period"}
# What a form saved, under the token of that page.
SAVED_ONCE = ("assessments_assessment", "assessments_record")
OTHERS = ("audit.event", "audit.chain_head", "closed.slot", "closed.kit")


def copy_study(url: str, original: str, code: str, copies: int) -> None:
    """Make study `code` of `copies` times the people of study `original`. `url`: of the superuser."""
    with closing(psycopg2.connect(url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            tables = tables_of_participants(cursor)
            with _triggers_off(cursor, [*tables, *OTHERS]):
                _Copy(cursor, original, code, copies).make(tables)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")


def take_back_ratings(url: str, study: str, visit: str, period: int, *, limit: int) -> None:
    """Let `limit` people of `study` have `visit` of that period before them, as it was planned: ratings to measure."""
    tables = ["assessments_assessment", "enrollment_visit"]
    with (
        closing(psycopg2.connect(url)) as connection,
        connection,
        connection.cursor() as cursor,
        _triggers_off(cursor, tables),
    ):
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(
            "with due as (update enrollment_visit set status = 'planned', performed_on = null where id in ("
            " select v.id from enrollment_visit v join enrollment_period p on p.id = v.period_id"
            " join enrollment_participant t on t.id = v.participant_id join accounts_study s on s.id = t.study_id"
            " where s.code = %s and v.code = %s and p.number = %s and v.status = 'done' order by v.id limit %s)"
            " returning id) delete from assessments_assessment where visit_id in (select id from due)",
            [study, visit, period, limit],
        )


def tables_of_participants(cursor: DatabaseCursor) -> list[str]:
    """Of participants and of all that belongs to one, but for drafts."""
    cursor.execute(
        "select conrelid::regclass::text from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]"
        " where contype = 'f' and confrelid = %s::regclass and attname = 'participant_id'"
        " and connamespace = 'public'::regnamespace order by 1",
        [PEOPLE],
    )
    return [PEOPLE, *(table for (table,) in cursor.fetchall() if not table.endswith("draft"))]


@contextmanager
def _triggers_off(cursor: DatabaseCursor, tables: list[str]) -> Iterator[None]:
    cursor.execute(
        "select tgrelid::regclass::text, quote_ident(tgname) from pg_trigger"
        " where not tgisinternal and tgenabled = 'A'"
        " and (tgrelid = any (%s::regclass[]) or tgrelid::regclass::text ~ '^(accounts|enrollment)_')",
        [tables],
    )
    triggers = cursor.fetchall()
    for table, trigger in triggers:
        cursor.execute(f"alter table {table} disable trigger {trigger}")
    yield
    for table, trigger in triggers:
        cursor.execute(f"alter table {table} enable always trigger {trigger}")


class _Copy:
    """`moved`: table → SQL of the key that the row `{}` of the original has in copy number `copy`."""

    def __init__(self, cursor: DatabaseCursor, original: str, code: str, copies: int) -> None:
        self.cursor, self.code, self.copies = cursor, code, copies
        cursor.execute("select id from accounts_study where code = %s", [original])
        (self.original,) = cursor.fetchone()
        self.moved: dict[str, str] = {}
        self.study = 0
        self.fixed: dict[str, str] = {}

    def make(self, tables: list[str]) -> None:
        self._study()
        people = f"select id from {PEOPLE} where study_id = {self.original}"
        owners = {table: f"{'id' if table == PEOPLE else 'participant_id'} in ({people})" for table in tables}
        for table, rows in owners.items():
            self._key(table, rows)
        for table, rows in owners.items():
            self._insert(table, rows, self._references(table))
        self._trail(people)
        self._allocation()

    def _study(self) -> None:
        for table, rows, changes in (
            ("accounts_study", f"id = {self.original}", {"code": f"'{self.code}'"}),
            ("accounts_site", f"study_id = {self.original}", {}),
            ("enrollment_protocolversion", f"study_id = {self.original}", {}),
            ("accounts_membership", f"study_id = {self.original}", {}),
        ):
            self._key(table, rows)
            self._insert(table, rows, self._references(table) | changes, copies=1)
            if table == "accounts_study":
                self.study = self._one(f"select id from accounts_study where code = '{self.code}'")
            self.fixed[table] = self.moved.pop(table).replace("copy", "0")

    def _key(self, table: str, rows: str) -> None:
        self.cursor.execute(f"select min(id), max(id) - min(id) + 1 from {table} where {rows}")
        first, width = self.cursor.fetchone()
        free = self._one(f"select max(id) + 1 from {table}")
        self.moved[table] = f"({{}} - {first or 0} + {free or 1} + copy * {width or 1}::bigint)"

    def _references(self, table: str) -> dict[str, str]:
        """Column → its value in a copy, of each column that names a row which is copied too."""
        self.cursor.execute(
            "select attname, confrelid::regclass::text from pg_constraint"
            " join pg_attribute on attrelid = conrelid and attnum = conkey[1]"
            " where contype = 'f' and conrelid = %s::regclass",
            [table],
        )
        known = self.fixed | self.moved
        copied = {name: known[to].format(f"s.{name}") for name, to in self.cursor.fetchall() if to in known}
        if table == PEOPLE:
            copied["code"] = "s.code || '-' || copy"
        if table in SAVED_ONCE:
            copied["form_token"] = "gen_random_uuid()"
        if table in _MADE_OF:
            made_of = self.moved[_MADE_OF[table]].format("(value ->> 0)::bigint")
            copied["inputs"] = (
                f"(select coalesce(jsonb_object_agg(key, jsonb_build_array({made_of}, value -> 1)), '{{}}')"
                " from jsonb_each(s.inputs))"
            )
        return copied

    def _insert(self, table: str, rows: str, changes: Mapping[str, str], copies: int = 0) -> None:
        self.cursor.execute(
            "select quote_ident(attname) from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
            " and attgenerated = '' order by attnum",
            [table],
        )
        columns = [name for (name,) in self.cursor.fetchall()]
        values = {name: f"s.{name}" for name in columns} | dict(changes)
        if table in self.moved:
            values["id"] = self.moved[table].format("s.id")
        self.cursor.execute(
            f"insert into {table} ({', '.join(columns)}) overriding system value"
            f" select {', '.join(values[name] for name in columns)}"
            f" from generate_series(0, {copies or self.copies} - 1) copy, {table} s where {rows} order by copy"
        )
        if table in self.moved:
            self.cursor.execute(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))"
            )

    def _trail(self, people: str) -> None:
        chains = f"s.chain in (select 'participant:' || id from ({people}) p)"
        chain = f"'participant:' || {self.moved[PEOPLE].format('substr(s.chain, 13)::bigint')}"
        rows = " ".join(
            f"when '{table}' then {key.format('s.row_pk::bigint')}::text" for table, key in self.moved.items()
        )
        common = {"chain": chain, "study": str(self.study)}
        self._insert("audit.chain_head", chains, common)
        self._insert(
            "audit.event",
            chains,
            common
            | {
                "row_pk": f"case s.table_name {rows} else s.row_pk end",
                "at": "s.at - copy * interval '1 second'",
            },
        )

    def _allocation(self) -> None:
        rows = f"study_id = {self.original}"
        self._key("closed.slot", rows)
        study = str(self.study)
        self._insert(
            "closed.slot",
            rows,
            {
                "study_id": study,
                "site_id": self.fixed["accounts_site"].format("s.site_id"),
                "participant_id": self.moved[PEOPLE].format("s.participant_id"),
                '"position"': f"s.position + copy * (select max(position) from closed.slot where {rows})",
            },
        )
        slot = self.moved["closed.slot"].format("s.slot_id")
        kit = {"study_id": study, "slot_id": slot, "kit_number": "s.kit_number || '-' || copy"}
        self._insert("closed.kit", rows, kit)

    def _one(self, query: str) -> int:
        self.cursor.execute(query)
        return int(self.cursor.fetchone()[0] or 0)
