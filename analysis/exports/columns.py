"""What a table of an export is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# As the reading scripts take them. `moment` is a time in UTC, `local_moment` one of a site's clock with its UTC offset,
# `flag` 1 or 0, `codes` several codes with "; " between.
Kind = Literal["text", "integer", "number", "date", "time", "moment", "local_moment", "flag", "codes"]

YES_NO = {"1": "yes", "0": "no"}


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What a form says of an item besides its label, for the codebook. `form`: its code; `versions`: of the form, that have
    the item. `unit`: the standard one, and what else it may be given in. `concepts`: code of an answer → CDISC concept."""

    form: str
    versions: str
    type: str
    unit: str = ""
    missing_reasons: str = ""
    cdash: str = ""
    sdtm_domain: str = ""
    sdtm_variable: str = ""
    sdtm_test: str = ""
    cdisc_code: str = ""
    concepts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """`sql` is an expression of our own making; values never come into it. `values`: what occurs, in words; else the
    `codes`, which have a label each. `instrument`: whose item it is, `item`: of a form. `kind`: where the database's type
    says less."""

    name: str
    sql: str
    label: str
    values: str = ""
    instrument: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None
    item: ItemFacts | None = None

    @property
    def described(self) -> str:
        return self.values or ", ".join(self.codes)


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One file. `source` names parameters: `study` (id), `sites` (ids), and `after_dose`, the codes of the visits that see
    what the dose did."""

    name: str
    columns: tuple[Column, ...]
    source: str

    @property
    def query(self) -> str:
        columns = ", ".join(f'{column.sql} as "{column.name}"' for column in self.columns)
        return f"select {columns} {self.source}"


def flag(name: str, expression: str, label: str, unknown: str = "") -> Column:
    """1 yes, 0 no, empty as `unknown` says: sums and means work as they are."""
    values = "1 yes, 0 no" + (f", empty {unknown}" if unknown else "")
    return Column(name, f"({expression})::int", label, values, codes=YES_NO, kind="flag")


def moment(name: str, expression: str, label: str) -> Column:
    """ISO 8601 in UTC, always of one length: sizes of files tell nothing of the clock."""
    text = f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return Column(name, text, label, "ISO 8601, UTC", kind="moment")


def day(name: str, sql: str, label: str) -> Column:
    return Column(name, sql, label, "ISO 8601", kind="date")


PARTICIPANT = Column("participant", "t.code", "Participant code")
FROM_PARTICIPANT = (
    "from enrollment_participant t join accounts_site s on s.id = t.site_id {join}"
    " where t.study_id = %(study)s and t.site_id = any(%(sites)s) order by t.code{order}"
)
