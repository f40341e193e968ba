"""A pytest plugin (`-p trialsite.stack.testing`): real servers for the tests, before Django is configured.

DATABASE_URL and REDIS_URL, when given, name servers to use; DATABASE_URL is then a role that may create roles
and databases. Else a pair of servers is started in a temporary folder, once for all processes of the run, and
stopped at its end. That folder, which is also where tests put their files, is in memory where there is room for it: a
copy of a template is then made in a tenth of a second, whatever else the disk is at. One template database is
prepared; `database(name)` copies it, and every test process connects as trialsite_app, as the web does.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from trialsite.lib import roles
from trialsite.lib.database import DatabaseCursor
from trialsite.stack.commands import Step, written
from trialsite.stack.servers import Servers

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "test-password"  # noqa: S105 - of a throw-away cluster
TEMPLATE, DEMO = "trialsite_template", "trialsite_demo_template"
SETUP = "TRIALSITE_TEST_SETUP_URL"
# A run leaves up to 2 GB of clusters and files; half as much again is left to the machine.
MEMORY, ROOM = Path("/dev/shm"), 3 * 2**30  # noqa: S108  # nosec B108 - a folder of its own is made there


def url(role: str, name: str) -> str:
    """URL of database `name` for `setup` (who may do everything) or one of the login roles."""
    parts = urlsplit(os.environ[SETUP])
    netloc = (
        parts.netloc if role == "setup" else f"trialsite_{role}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}"
    )
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{name}"))


def environment(role: str, name: str) -> dict[str, str]:
    """Variables of a process that works as `role` on database `name`."""
    return {
        **os.environ,
        "DATABASE_URL": url(role, name),
        "SETUP_DATABASE_URL": url("setup", name),
        **{f"TRIALSITE_{login.upper()}_PASSWORD": PASSWORD for login in roles.LOGINS},
    }


def database(name: str, template: str = TEMPLATE) -> None:
    """Make database `name` anew as a copy of `template`."""
    with _maintenance() as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')
        cursor.execute(f'create database "{name}" template "{template}" strategy file_copy')
        # What setup_database took from everybody, and the settings of the roles, are not copied with the database.
        cursor.execute(f'revoke all on database "{name}" from public')
        logins = ", ".join(f"trialsite_{login}" for login in roles.LOGINS)
        cursor.execute(f'grant connect on database "{name}" to {logins}')
        roles.pin(cursor, name)


def drop(name: str) -> None:
    with _maintenance() as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')


def manage(role: str, name: str, *command: str, **more: str) -> None:
    """Run a management command; its output is shown when it fails."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(ROOT / "manage.py"), *command],
        env={**environment(role, name), **more},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(command)} failed:\n{done.stdout}{done.stderr}")


class _maintenance:
    """A cursor outside transactions on the maintenance database."""

    def __enter__(self) -> DatabaseCursor:
        import psycopg2

        self.connection = psycopg2.connect(url("setup", "postgres"))
        self.connection.autocommit = True
        cursor: DatabaseCursor = self.connection.cursor()
        return cursor

    def __exit__(self, *exc: object) -> None:
        self.connection.close()


def _begin() -> None:
    os.environ["TRIALSITE_ENV"] = "test"
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
    # Where collected files would lie; whitenoise complains of a folder that is not there.
    (ROOT / ".local" / "static").mkdir(parents=True, exist_ok=True)
    if SETUP not in os.environ:
        _servers(_folder())
        _templates()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ["DATABASE_URL"] = url("app", f"trialsite_test_{worker}")


def _folder() -> Path:
    """Of this run, where its processes put their temporary files as well; it goes with the run."""
    folder = Path(tempfile.mkdtemp(prefix="ts-", dir=MEMORY if _roomy(MEMORY) else None))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = folder / "files"
    files.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(files)
    return folder


def _roomy(place: Path) -> bool:
    """Whether `place` is there, takes files, and has memory for them."""
    if not (place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > ROOM):
        return False
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    return available * 1024 > ROOM


def _servers(folder: Path) -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        os.environ[SETUP] = os.environ["DATABASE_URL"]
        return
    servers = Servers(folder, durable=False)
    endpoints = servers.start()
    atexit.register(servers.stop)
    os.environ[SETUP] = endpoints.database("postgres", "postgres")
    os.environ["REDIS_URL"] = endpoints.redis


def _templates() -> None:
    with _maintenance() as cursor:
        for name in (DEMO, TEMPLATE):
            cursor.execute(f'drop database if exists "{name}" with (force)')
        cursor.execute(f'create database "{TEMPLATE}" template template0')
    protocols = sorted(map(str, (ROOT / "enrollment" / "protocols").glob("*.toml")))
    _run(
        _step("owner", TEMPLATE, "setup_database"),
        _step("owner", TEMPLATE, "migrate", "--verbosity", "0"),
        _step("app", TEMPLATE, "load_protocol", *protocols),
    )
    database(DEMO)
    _run(
        _step("closed", DEMO, "load_demo"),
        _step("closed", TEMPLATE, "generate_allocation", "--study", "KETNAL"),
        _step("closed", TEMPLATE, "stock_sites", "--study", "KETNAL", "--sets", "60"),
    )


def _step(role: str, name: str, *command: str) -> Step:
    return Step(url(role, name), list(command), {"SETUP_DATABASE_URL": url("setup", name)})


def _run(*steps: Step) -> None:
    around = {**environment("owner", TEMPLATE), "DEMO_PASSWORD": PASSWORD}
    done = subprocess.run(
        [sys.executable, "-m", "trialsite.stack.commands"],
        input=written(list(steps)),
        env=around,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the templates could not be made:\n{done.stdout}{done.stderr}")


_begin()
