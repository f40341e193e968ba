"""What a table of an export is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """`sql` is an expression of our own making; values never come into it. `instrument`: whose item it is."""

    name: str
    sql: str
    label: str
    codes: str = ""
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One file. `source` names two parameters: the study's id and the list of site ids."""

    name: str
    columns: tuple[Column, ...]
    source: str

    @property
    def query(self) -> str:
        columns = ", ".join(f'{column.sql} as "{column.name}"' for column in self.columns)
        return f"select {columns} {self.source}"


def flag(expression: str) -> str:
    """1 yes, 0 no, empty not known: sums and means work as they are."""
    return f"({expression})::int"


def moment(expression: str) -> str:
    """ISO 8601 in UTC, always of one length: sizes of files tell nothing of the clock."""
    return f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


PARTICIPANT = Column("participant", "t.code", "Participant code")
SITE = Column("site", "s.code", "Site code")
FROM_PARTICIPANT = (
    "from enrollment_participant t join accounts_site s on s.id = t.site_id {join}"
    " where t.study_id = %(study)s and t.site_id = any(%(sites)s) order by t.code{order}"
)
