"""The whole product for the browser: web, both workers and beat, on a copy of the demo trial."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from trialsite.stack import browser as chromium
from trialsite.stack import testing

ROOT = Path(__file__).resolve().parents[2]
CELERY = ["-m", "celery", "-A", "trialsite"]
WORKER = [*CELERY, "worker", "--without-gossip", "--without-mingle", "-c", "1", "-l", "warning"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium where there is one, else Playwright's own."""
    arguments = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    found = chromium.installed()
    return {**browser_type_launch_args, "args": arguments, **({"executable_path": found} if found else {})}


@pytest.fixture(scope="session")
def site_url() -> Iterator[str]:
    """Address of the running product; its processes end with the session."""
    name = f"browser_{os.getpid()}"
    testing.database(name, testing.DEMO)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web = [
        "-m",
        "gunicorn",
        "trialsite.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--threads",
        "4",
        "--log-level",
        "error",
    ]
    commands = [
        ("app", web),
        ("app", [*WORKER, "-Q", "default", "-n", f"default@{name}"]),
        ("closed", [*WORKER, "-Q", "closed", "-n", f"closed@{name}"]),
    ]
    # A broker database of its own: the messages of another test process are for another product.
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    broker = {"REDIS_URL": os.environ["REDIS_URL"].rpartition("/")[0] + f"/{number}", "TRIALSITE_ENV": "demo"}
    processes = [
        subprocess.Popen(
            [sys.executable, *command], env={**testing.environment(role, name), **broker}, cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for role, command in commands
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/healthz")
        yield address
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)
        testing.drop(name)


def _wait(address: str) -> None:
    for _ in range(900):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web process does not answer")


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, site_url: str) -> Iterator[SignIn]:
    """sign_in("coordinator2") → a page of that person's own browser, on Today. No page may log an error."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def go(username: str, *, leaves: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site_url}/login/")
        page.fill("#id_username", username)
        page.fill("#id_password", testing.PASSWORD)
        page.click("button[type=submit]")
        if leaves:
            page.wait_for_url(lambda address: "/login/" not in address)
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []
