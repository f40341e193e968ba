"""Writing an export: CSV files with a codebook and a manifest, in a folder or as one ZIP."""

import csv
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from analysis.exports.columns import Table
from analysis.exports.tables import parameters, tables
from trialsite.accounts.models import Study, User
from trialsite.lib.spreadsheet import guard

# plain: what was entered, byte for byte. spreadsheet: text that begins like a formula has an apostrophe before it.
Profile = Literal["plain", "spreadsheet"]


def may_read_allocation() -> bool:
    """Whether this connection's role reads the allocation: the unblinded worker's does, the web's does not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select has_schema_privilege('closed', 'usage') and has_table_privilege('closed.slot', 'select')"
        )
        return bool(cursor.fetchone()[0])


def write_folder(
    study: Study, sites: Any, folder: Path, *, by: User, unblinded: bool, profile: Profile = "plain"
) -> str:
    """Write every file into `folder` and return the SHA-256 of the manifest. All files show one moment.

    The files appear when all of them are whole; other files of the folder are left alone and not listed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = tables(study, unblinded=unblinded)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        begun = Path(made)
        with transaction.atomic():
            with connection.cursor() as cursor:
                # One snapshot, so that no file knows of a save that another does not.
                if not connection.savepoint_ids:
                    cursor.execute("set transaction isolation level repeatable read, read only")
            for table in chosen:
                with open(begun / f"{table.name}.csv", "wb") as file:
                    copy_csv(table, parameters(study, sites), file)
        _codebook(chosen, begun / "codebook.csv", profile)
        if profile == "spreadsheet":
            for path in begun.glob("*.csv"):
                guard(path)
        files = {path.name: _described(path) for path in sorted(begun.glob("*.csv"))}
        content = {**_manifest(study, sites, by, unblinded), "profile": profile, "files": files}
        manifest = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (begun / "manifest.json").write_text(manifest, encoding="utf-8")
        for path in sorted(begun.iterdir()):
            path.replace(folder / path.name)
    return hashlib.sha256(manifest.encode()).hexdigest()


def _described(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": _rows(path)}


def blinded(study: Study, sites: Any, *, by: User, profile: Profile = "plain") -> Iterator[bytes]:
    """The blinded export as the bytes of a ZIP."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryFile() as packed:
        folder = Path(made)
        write_folder(study, sites, folder, by=by, unblinded=False, profile=profile)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, f"{study.code}/{path.name}")
        packed.seek(0)
        while chunk := packed.read(1 << 16):
            yield chunk


def copy_csv(table: Table, values: dict[str, Any], file: IO[bytes]) -> None:
    """The rows of `table` as CSV with a header, by COPY: the database writes the bytes."""
    with connection.cursor() as cursor:
        query = cursor.mogrify(table.query, values).decode()
        cursor.copy_expert(f"copy ({query}) to stdout with (format csv, header)", file)


def _codebook(chosen: tuple[Table, ...], path: Path, profile: Profile) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "column", "label", "values", "instrument"])
        if profile == "spreadsheet":
            text = (
                "Profile spreadsheet: text that begins with = + - @ tab or return has an apostrophe before it"
            )
            writer.writerow(["*.csv", "", text, "", ""])
        for table in chosen:
            for column in table.columns:
                writer.writerow(
                    [f"{table.name}.csv", column.name, column.label, column.codes, column.instrument]
                )


def _rows(path: Path) -> int:
    with open(path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _manifest(study: Study, sites: Any, by: User, unblinded: bool) -> dict[str, Any]:
    protocol = study.protocols.latest()
    return {
        "study": study.code,
        "title": protocol.rules.title,
        "synthetic": study.synthetic,
        "blinding": protocol.rules.blinding,
        "protocol": {"version": protocol.version, "sha256": protocol.sha256},
        "unblinded": unblinded,
        "sites": [site.code for site in sites],
        "exported_at": timezone.now().isoformat(),
        "exported_by": by.username,
        "software": f"Trialsite {settings.APP_VERSION}",
    }
