"""What manage.py does before Django: find the servers, or start them for the time of one command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from trialsite.stack.prepare import ROOT, prepare
from trialsite.stack.servers import Servers

LOCAL = ROOT / ".local"
OWNER = {"migrate", "sqlmigrate", "showmigrations", "makemigrations", "setup_database", "dbshell"}
# The operator of the machine is trusted and audited: these need to know the allocation.
CLOSED = {"load_demo", "simulate_trial", "generate_allocation", "export"}
NEEDS_NOTHING = {"help", "version", "--help", "-h", "--version", "check", "collectstatic", "compilemessages"}


@contextmanager
def attached(argv: list[str]) -> Iterator[None]:
    """Set the environment of the command in `argv`, unless DATABASE_URL says where to work."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    command = argv[1] if len(argv) > 1 else "help"
    os.environ.setdefault("TRIALSITE_ENV", "demo")
    if command in NEEDS_NOTHING or "--help" in argv or "-h" in argv:
        placeholders = {
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }
        for name, value in {**placeholders, "SECRET_KEY": "not-used-by-this-command-" + "x" * 40}.items():
            os.environ.setdefault(name, value)
        yield
        return
    role = "owner" if command in OWNER else "closed" if command in CLOSED else "app"
    servers = Servers(LOCAL)
    endpoints = servers.running()
    if endpoints:
        os.environ.update(endpoints.environment(role))
        yield
        return
    with servers:
        prepare(LOCAL, servers.endpoints)
        os.environ.update(servers.endpoints.environment(role))
        yield
