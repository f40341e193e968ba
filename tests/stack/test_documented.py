"""docs/operations.md is typed word for word: its blocks marked "tried" are run as they stand there.

There is no Docker here: tests/stack/shim.py stands in for it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import yaml

from tests.audit.conftest import connect
from trialsite.stack import testing
from trialsite.stack.binaries import client
from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.servers import Servers
from trialsite.stack.unprivileged import owner

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"<!-- tried: (\w+) -->\n```\w+\n(.*?)```", TEXT, re.DOTALL))


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder to type in, with a running installation of that database, and an empty one under the name `drill`."""

    folder: Path
    database: str
    variables: dict[str, str]

    def type(self, block: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", BLOCKS[block]],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
        )


def _running(name: str) -> dict[str, Any]:
    parts = urlsplit(testing.url("setup", name))
    roles = {"verify": "verify", "setup": "owner"}
    return {
        "programs": str(client("pg_dump").parent),
        "port": str(parts.port),
        "password": parts.password,
        "database": name,
        "services": {service: testing.environment(role, name) for service, role in roles.items()},
    }


def _empty(endpoints: ServerEndpoints) -> dict[str, Any]:
    roles = {"verify": "verify", "setup": "owner"}
    return {
        "programs": str(client("pg_dump").parent),
        "port": str(endpoints.postgres_port),
        "password": endpoints.password,
        "database": "trialsite",
        "services": {
            service: {"TRIALSITE_ENV": "demo", **endpoints.environment(role)}
            for service, role in roles.items()
        },
    }


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    name = f"documented_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    shim = tmp_path / "bin" / "docker"
    shim.parent.mkdir()
    shim.write_text(f"#!{sys.executable}\n" + (Path(__file__).parent / "shim.py").read_text())
    shim.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        Path(folder).chmod(0o755)
        with Servers(Path(folder) / "empty", durable=False) as servers:
            answers = tmp_path / "known.json"
            answers.write_text(json.dumps({"trialsite": _running(name), "drill": _empty(servers.endpoints)}))
            path = f"{shim.parent}:{os.environ['PATH']}"
            yield Machine(
                tmp_path, name, {"PATH": path, "TRIALSITE_SHIM": str(answers), "TRIALSITE_ROOT": str(ROOT)}
            )
    testing.drop(name)


@pytest.mark.requirement("AUD-13")
def test_backup_and_drill_can_be_typed(machine: Machine) -> None:
    for block in ("key", "backup", "drill"):
        done = machine.type(block)
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"
    assert "All that the checkpoint of" in done.stdout
    assert "Signatures in force" in done.stdout
    assert len(list((machine.folder / "backup").glob("20*"))) == 2


def test_a_backup_that_fails_gets_no_name(machine: Machine) -> None:
    """Nothing that looks like last night's dump, and an end that cron reports."""
    assert machine.type("key").returncode == 0
    with connect("setup", machine.database) as session, session, session.cursor() as cursor:
        cursor.execute("alter table audit.event disable trigger all")
        cursor.execute("delete from audit.event where chain = 'system' and n = 5")
    assert machine.type("backup").returncode != 0
    assert list((machine.folder / "backup").glob("20*")) == []


def test_a_moment_is_recovered_as_documented() -> None:
    """The archive's and the recovery's settings as they stand there; a base backup; what came after is not back."""
    with tempfile.TemporaryDirectory(prefix="ts-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        wal = folder / "wal"
        _own(wal)
        with Servers(folder / "one", durable=False, settings=_settings("archive", wal)) as servers:
            database = servers.endpoints.database("postgres")
            _sql(database, "create table kept (what text)", "insert into kept values ('before the base')")
            base = folder / "base.tar"
            _base_backup(base, database)
            _sql(database, "insert into kept values ('before the mistake')")
            moment = _sql(database, "select clock_timestamp()::text")
            _sql(database, "insert into kept values ('the mistake')", "select pg_switch_wal()")
        cluster = folder / "two" / "postgres"
        shutil.copytree(folder / "one", folder / "two", ignore=shutil.ignore_patterns("postgres", "lock"))
        _own(cluster)
        subprocess.run(["tar", "-x", "-f", str(base), "-C", str(cluster)], check=True)
        (cluster / "recovery.signal").touch()
        _own_all(cluster)
        settings = {**_settings("recovery", wal), "recovery_target_time": moment}
        with Servers(folder / "two", durable=False, settings=settings) as servers:
            database = servers.endpoints.database("postgres")
            assert _sql(database, "select string_agg(what, ', ' order by what) from kept") == (
                "before the base, before the mistake"
            )


def _settings(block: str, wal: Path) -> dict[str, str]:
    command = yaml.safe_load(BLOCKS[block])["services"]["db"]["command"]
    pairs = [word.replace("/wal/", f"{wal}/").split("=", 1) for word in command if "=" in word]
    return dict(pairs)


def _base_backup(file: Path, database: str) -> None:
    """pg_basebackup as documented, to a file."""
    (line,) = re.findall(r"pg_basebackup -U postgres -D - (.*?) \\\n", TEXT)
    parts = urlsplit(database)
    command = [
        str(client("pg_basebackup")),
        "-h",
        "127.0.0.1",
        "-p",
        str(parts.port),
        "-U",
        "postgres",
        "-D",
        "-",
    ]
    with file.open("wb") as out:
        subprocess.run(
            [*command, *line.split()],
            check=True,
            stdout=out,
            env={**os.environ, "PGPASSWORD": str(parts.password)},
        )


def _own(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    _own_all(folder)


def _own_all(folder: Path) -> None:
    """The servers' user writes there."""
    if (uid := owner()) is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)


def _sql(database: str, *statements: str) -> str:
    """The last statement's first value, if it has one."""
    connection = psycopg2.connect(database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        value = str(cursor.fetchone()[0]) if cursor.description else ""
    connection.close()
    return value
