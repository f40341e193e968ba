"""Settings are said aloud: whether the second factor is asked for (no choice where data are real), and proxies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def started(**more: str) -> tuple[str, str]:
    """(what SECOND_FACTOR is, what was complained about) of a process with this environment."""
    environment = {name: value for name, value in os.environ.items() if name != "SECOND_FACTOR"}
    done = subprocess.run(
        [sys.executable, "-c", "from trialsite import settings; print(settings.SECOND_FACTOR)"],
        env=environment | more, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    ("environment", "setting"), [("production", "required"), ("demo", "off"), ("test", "off")]
)
def test_only_the_demo_and_the_tests_begin_without(environment: str, setting: str) -> None:
    assert started(TRIALSITE_ENV=environment)[0] == setting


def test_production_does_not_start_without_it() -> None:
    told, complaint = started(TRIALSITE_ENV="production", SECOND_FACTOR="off")
    assert told == ""
    assert "SECOND_FACTOR is 'off'; expected one of required" in complaint


def test_the_demo_can_ask_for_it() -> None:
    assert started(TRIALSITE_ENV="demo", SECOND_FACTOR="required")[0] == "required"
    assert "expected one of" in started(TRIALSITE_ENV="demo", SECOND_FACTOR="maybe")[1]


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    assert "TRUSTED_PROXIES: 'proxy' does not appear to be" in started(TRUSTED_PROXIES="10.0.0.0/8, proxy")[1]
    assert started(TRUSTED_PROXIES="10.0.0.0/8, 2001:db8::1")[1] == ""
