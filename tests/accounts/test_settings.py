"""Settings are said aloud: whether the second factor is asked for (no choice where data are real), and proxies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trialsite.settings import mail_server

ROOT = Path(__file__).resolve().parents[2]


def started(**more: str) -> tuple[str, str]:
    """(what SECOND_FACTOR is, what was complained about) of a process with this environment."""
    environment = {name: value for name, value in os.environ.items() if name != "SECOND_FACTOR"}
    done = subprocess.run(
        [sys.executable, "-c", "from trialsite import settings; print(settings.SECOND_FACTOR)"],
        env=environment | more,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    ("environment", "setting"), [("production", "required"), ("demo", "off"), ("test", "off")]
)
def test_only_the_demo_and_the_tests_begin_without(environment: str, setting: str) -> None:
    assert started(TRIALSITE_ENV=environment)[0] == setting


def test_production_does_not_start_without_it() -> None:
    output, complaint = started(TRIALSITE_ENV="production", SECOND_FACTOR="off")
    assert output == ""
    assert "SECOND_FACTOR is 'off'; expected one of required" in complaint


def test_the_demo_can_ask_for_it() -> None:
    assert started(TRIALSITE_ENV="demo", SECOND_FACTOR="required")[0] == "required"
    assert "expected one of" in started(TRIALSITE_ENV="demo", SECOND_FACTOR="maybe")[1]


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    assert "TRUSTED_PROXIES: 'proxy' does not appear to be" in started(TRUSTED_PROXIES="10.0.0.0/8, proxy")[1]
    assert started(TRUSTED_PROXIES="10.0.0.0/8, 2001:db8::1")[1] == ""


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"MAIL": "post"}, "MAIL is 'post'; expected one of console, file, smtp"),
        ({"MAIL": "smtp"}, "SMTP_URL is not set"),
        ({"MAIL": "smtp", "SMTP_URL": "https://mail.example.org"}, "SMTP_URL must be smtp://"),
        ({"MAIL": "smtp", "SMTP_URL": "smtps://"}, "SMTP_URL must be smtp://"),
    ],
)
def test_where_mail_goes_is_no_guess(more: dict[str, str], complaint: str) -> None:
    assert complaint in started(**more)[1]


@pytest.mark.parametrize(
    ("url", "port", "encrypted"),
    [
        ("smtp://mail.example.org", 587, (True, False)),
        ("smtps://mail.example.org", 465, (False, True)),
        ("smtp+plain://mail.example.org:2525", 2525, (False, False)),
    ],
)
def test_a_server_for_mail_is_an_address(url: str, port: int, encrypted: tuple[bool, bool]) -> None:
    """Encrypted unless its scheme says otherwise; user and password as in any address."""
    server = mail_server(url.replace("//", "//us%40er:p%2Fw@"))
    assert (server["EMAIL_HOST"], server["EMAIL_PORT"]) == ("mail.example.org", port)
    assert (server["EMAIL_USE_TLS"], server["EMAIL_USE_SSL"]) == encrypted
    assert (server["EMAIL_HOST_USER"], server["EMAIL_HOST_PASSWORD"]) == ("us@er", "p/w")
