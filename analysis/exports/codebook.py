"""The codebook of an export: every column with its type and meaning, every code with its label."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from analysis.exports.columns import Column, ExportTable

COLUMNS = ("file", "column", "type", "label", "values", "instrument")
# Of items of forms.
FACTS = (
    *("form", "form_versions", "item_type", "unit", "missing_reasons"),
    *("cdash", "sdtm_domain", "sdtm_variable", "sdtm_test", "cdisc_code"),
)
CODES = ("file", "column", "code", "label", "cdisc_code")
# PostgreSQL's type → how the reading scripts take it; whatever else there is, is text.
KINDS = {
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
    "numeric": "number",
    "date": "date",
    "time": "time",
}
SPREADSHEET = (
    "Profile spreadsheet: text that a spreadsheet would calculate or turn into a number or a date has an apostrophe"
    " before it"
)


def write_codebook(
    tables: Sequence[ExportTable], folder: Path, values: dict[str, Any], *, spreadsheet: bool
) -> None:
    """`codebook.csv` and `codes.csv` into `folder`."""
    empty = ("",) * len(FACTS)
    rows = [("*.csv", "", "", SPREADSHEET, "", "", *empty)] if spreadsheet else []
    for table in tables:
        kinds = column_kinds(table, values)
        rows += [
            (f"{table.name}.csv", c.name, kinds[c.name], c.label, c.described, c.instrument, *_facts(c))
            for c in table.columns
        ]
    _write(folder / "codebook.csv", (*COLUMNS, *FACTS), rows)
    codes = [
        (
            f"{table.name}.csv",
            column.name,
            code,
            label,
            column.item.concepts.get(code, "") if column.item else "",
        )
        for table in tables
        for column in table.columns
        for code, label in column.codes.items()
    ]
    _write(folder / "codes.csv", CODES, codes)


def _facts(column: Column) -> tuple[str, ...]:
    item = column.item
    if item is None:
        return ("",) * len(FACTS)
    return (
        *(item.form, item.versions, item.type, item.unit, item.missing_reasons),
        *(item.cdash, item.sdtm_domain, item.sdtm_variable, item.sdtm_test, item.cdisc_code),
    )


def column_kinds(table: ExportTable, values: dict[str, Any]) -> dict[str, str]:
    """Type of each column, as the database answers it where the column does not say."""
    with connection.cursor() as cursor:
        cursor.execute(f"select * from ({table.query}) q limit 0", values)  # noqa: S608 - a query of our own
        oids = [column.type_code for column in cursor.description]
        cursor.execute("select oid, typname from pg_type where oid = any(%s::oid[])", [oids])
        names = dict(cursor.fetchall())
    return {
        column.name: column.kind or KINDS.get(names[oid], "text")
        for column, oid in zip(table.columns, oids, strict=True)
    }


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
