"""What manage.py does before Django: find the servers, or start them for the time of one command."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from trialsite.stack.binaries import NotFound
from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.locks import AlreadyRunning, using
from trialsite.stack.prepare import LOCAL, Failed, prepare
from trialsite.stack.servers import Servers

# Database role → the commands that need it; all others work as the web does.
ROLES = {
    "owner": {
        "migrate",
        "sqlmigrate",
        "showmigrations",
        "makemigrations",
        "setup_database",
        "accept_guard",
        "dbshell",
    },
    # The operator of the machine is trusted and audited: these need to know the allocation.
    "closed": {"load_demo", "simulate_trial", "generate_allocation", "stock_sites", "export"},
    "verify": {"verify_audit", "verify_signatures", "audit_checkpoint"},
}
NEEDS_NOTHING = {"help", "version", "--help", "-h", "--version", "check", "collectstatic", "compilemessages"}
NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "not-used-by-this-command-" + "x" * 40,
}


@contextmanager
def attached(argv: list[str]) -> Iterator[None]:
    """Set the environment of the command in `argv`, unless DATABASE_URL says where to work."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    os.environ.setdefault("TRIALSITE_ENV", "demo")
    if needs_nothing(argv):
        os.environ.update({name: value for name, value in NOWHERE.items() if not os.environ.get(name)})
        # makemigrations would like to compare with a database, and warns when it can't.
        warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
        yield
        return
    with using(LOCAL) as wait_for_others:
        servers = Servers(LOCAL, prepare=prepare)
        endpoints = join_or_start(servers)
        # What is given stays: a REDIS_URL of one's own, say.
        own = {n: v for n, v in endpoints.environment(role(argv)).items() if not os.environ.get(n)}
        os.environ.update(own)
        try:
            yield
            if servers.processes:
                wait_for_others()
        finally:
            servers.stop()


def needs_nothing(argv: list[str]) -> bool:
    """Whether Django needs no database for the command."""
    command = argv[1] if len(argv) > 1 else "help"
    if command == "makemigrations":
        return "--check" in argv or "--dry-run" in argv or "--help" in argv
    asks_database = any(word.startswith("--database") for word in argv)
    return (command in NEEDS_NOTHING and not asks_database) or "--help" in argv or "-h" in argv


def role(argv: list[str]) -> str:
    """The database role of the command."""
    return next((name for name, commands in ROLES.items() if argv[1] in commands), "app")


def join_or_start(servers: Servers) -> ServerEndpoints:
    """Join those that run; else start ours, unless somebody was faster, whom we then join."""
    for _ in range(3):
        if endpoints := servers.running():
            return endpoints
        try:
            return servers.start()
        except AlreadyRunning as error:
            trouble: Exception = error
        except (NotFound, Failed, RuntimeError) as error:
            sys.exit(str(error))
    sys.exit(f"The servers do not answer, though {trouble}. Stop that process and try again.")
