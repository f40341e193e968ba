"""Writing an export: CSV files with a codebook and a manifest, in a folder or as one ZIP."""

import csv
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Literal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from analysis.exports.codebook import column_kinds, write_codebook
from analysis.exports.columns import ExportTable
from analysis.exports.tables import parameters, tables
from trialsite.accounts.models import Site, Study, User
from trialsite.lib.spreadsheet import guard

SCRIPTS = Path(__file__).parent / "scripts"

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
    study: Study,
    sites: Iterable[Site],
    folder: Path,
    *,
    by: User,
    unblinded: bool,
    profile: Profile = "plain",
) -> str:
    """Write every file into `folder` and return the SHA-256 of the manifest. All files show one moment.

    The files appear when all of them are whole; other files of the folder are left alone and not listed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    exported = tables(study, unblinded=unblinded)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        begun = Path(scratch)
        with transaction.atomic():
            with connection.cursor() as cursor:
                # One snapshot, so that no file knows of a save that another does not.
                if not connection.savepoint_ids:
                    cursor.execute("set transaction isolation level repeatable read, read only")
            for table in exported:
                with open(begun / f"{table.name}.csv", "wb") as file:
                    copy_csv(table, parameters(study, sites), file)
        _describe(exported, begun, parameters(study, sites), profile)
        files = {path.name: _described(path) for path in sorted(begun.glob("*.csv"))}
        scripts = {path.name: _sha256(path) for path in sorted(begun.iterdir()) if path.name not in files}
        content = {
            **_manifest(study, sites, by, unblinded),
            "profile": profile,
            "files": files,
            "scripts": scripts,
        }
        manifest = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (begun / "manifest.json").write_text(manifest, encoding="utf-8")
        for path in sorted(begun.iterdir()):
            path.replace(folder / path.name)
    return hashlib.sha256(manifest.encode()).hexdigest()


def _describe(
    exported: Sequence[ExportTable], folder: Path, values: dict[str, Any], profile: Profile
) -> None:
    """Codebook and codes beside the tables; for a spreadsheet its guards, for statistics software the scripts."""
    write_codebook(exported, folder, values, spreadsheet=profile == "spreadsheet")
    if profile == "plain":
        for script in SCRIPTS.iterdir():
            shutil.copyfile(script, folder / script.name)
        return
    texts = {
        table.name: {name for name, kind in column_kinds(table, values).items() if kind in ("text", "codes")}
        for table in exported
    }
    for path in folder.glob("*.csv"):
        guard(path, texts.get(path.stem, set()))


def _described(path: Path) -> dict[str, Any]:
    return {"sha256": _sha256(path), "bytes": path.stat().st_size, "rows": _rows(path)}


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blinded(study: Study, sites: Iterable[Site], *, by: User, profile: Profile = "plain") -> Iterator[bytes]:
    """The blinded export as the bytes of a ZIP."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as packed:
        folder = Path(scratch)
        write_folder(study, sites, folder, by=by, unblinded=False, profile=profile)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, f"{study.code}/{path.name}")
        packed.seek(0)
        while chunk := packed.read(1 << 16):
            yield chunk


def copy_csv(table: ExportTable, values: dict[str, Any], file: IO[bytes]) -> None:
    """The rows of `table` as CSV with a header, by COPY: the database writes the bytes."""
    with connection.cursor() as cursor:
        query = cursor.mogrify(table.query, values).decode()
        cursor.copy_expert(f"copy ({query}) to stdout with (format csv, header)", file)


def _rows(path: Path) -> int:
    with open(path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _manifest(study: Study, sites: Iterable[Site], by: User, unblinded: bool) -> dict[str, Any]:
    protocol = study.protocols.latest()
    return {
        "study": study.code,
        "title": protocol.definition.title,
        "synthetic": study.synthetic,
        "blinding": protocol.definition.blinding,
        "protocol": {"version": protocol.version, "sha256": protocol.sha256},
        "unblinded": unblinded,
        "sites": [site.code for site in sites],
        "exported_at": timezone.now().isoformat(),
        "exported_by": by.username,
        "software": f"Trialsite {settings.APP_VERSION}",
    }
