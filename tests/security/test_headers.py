"""What every answer carries: a strict policy for the browser, no storing, and in production cookies bound to us."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from tests.access.conftest import Person, signed_in
from tests.access.places import Places
from tests.access.table import rows
from trialsite.accounts.models import Role, User
from trialsite.urls import handler403, handler404, handler500
from trialsite.urls import urlpatterns as own

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "TRIALSITE_ENV": "production",
    "SECRET_KEY": "y3Wq-8vUu2_pN0sXz4Lk7RmTb1Hd5GfAeCj9QoZiKxVnMwEr6StYlPcBhDgJ",
    "ALLOWED_HOSTS": "trial.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://trial.example.org",
    "DATABASE_URL": "postgresql://trialsite_app@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def boom(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [*own, path("boom/", boom, name="boom")]


def _strict(answer: Any) -> bool:
    policy = answer.headers.get("Content-Security-Policy", "")
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    return (
        directives.get("default-src") == "'self'"
        and directives.get("object-src") == "'none'"
        and directives.get("frame-ancestors") == "'none'"
        and "unsafe" not in policy
        and "*" not in policy
        and "nonce" not in policy
    )


@pytest.mark.requirement("WEB-01")
@pytest.mark.parametrize(
    "role", [Role.DATA_MANAGER, Role.INVESTIGATOR, Role.STATISTICIAN, Role.ADMINISTRATOR]
)
def test_every_answer_has_the_policy_and_is_not_stored(
    role: Role, places: Places, people: dict[Person, User]
) -> None:
    """Served, refused and not found alike; health says nothing worth keeping from a cache."""
    client = signed_in(people[role.value, "all"])
    for row in rows():
        for method in ("get", "post"):
            if row.route == "logout":
                continue
            answer = getattr(client, method)(places.address(row))
            assert _strict(answer), (row.name, method, answer.status_code)
            assert "no-store" in answer["Cache-Control"], (row.name, method, answer.status_code)
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["X-Frame-Options"] == "DENY"


@override_settings(ROOT_URLCONF="tests.security.test_headers")
def test_errors_have_the_policy_as_well(people: dict[Person, User]) -> None:
    """A failure, an unknown address, a refusal, a form without its token."""
    client = signed_in(people["coordinator", "01"])
    strict = Client(enforce_csrf_checks=True)
    answers = {
        500: client.get("/boom/"),
        404: client.get("/studies/KETNAL/participants/99-999/"),
        403: strict.post("/login/", {"username": "x", "password": "y"}),
        405: client.get("/logout/"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert _strict(answer), status
        assert b"on purpose" not in answer.content


def test_no_template_has_a_script_or_style_in_it() -> None:
    """What the browser is told to refuse must not be needed: no inline script, style or handler, no javascript:."""
    wrong = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style\b|\sstyle\s*=|\son[a-z]+\s*=|javascript:"
        r"|\|\s*safe\b|autoescape off|hx-on",
        re.IGNORECASE,
    )
    problems = [
        f"{template.relative_to(ROOT)}: {match.group()}"
        for template in sorted((ROOT / "templates").rglob("*.html"))
        for match in wrong.finditer(template.read_text())
    ]
    # A chart that is downloaded brings its own style sheet, from a file of ours; no page shows it.
    drawing = "templates/analysis/charts/_chart_svg.html"
    assert problems == [f"{drawing}: <style", f"{drawing}: |safe"]


def test_no_script_of_ours_evaluates_text() -> None:
    """No eval, no markup from strings."""
    wrong = re.compile(r"\beval\(|new Function\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    scripts = sorted((ROOT / "trialsite" / "static" / "scripts").glob("*.js"))
    assert scripts
    assert {script.name for script in scripts if wrong.search(script.read_text())} == set()


def _production(*command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DJANGO_SETTINGS_MODULE"}}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        env={**kept, **PRODUCTION},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.requirement("WEB-03")
def test_the_deployment_check_has_nothing_to_say() -> None:
    """`check --deploy --fail-level WARNING` with production's environment."""
    done = _production("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.requirement("WEB-03")
def test_production_binds_its_cookies_and_insists_on_https() -> None:
    """__Host- cookies (Secure, path /, no domain), a year of HSTS, no plain HTTP."""
    names = [
        "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "CSRF_COOKIE_DOMAIN",
        "CSRF_COOKIE_PATH", "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "DEBUG",
    ]  # fmt: skip
    code = f"import json; from django.conf import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "trialsite.settings"},
    )
    values = dict(zip(names, json.loads(done.stdout), strict=True))
    assert values["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert values["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert values["SESSION_COOKIE_SECURE"]
    assert values["CSRF_COOKIE_SECURE"]
    assert values["SESSION_COOKIE_HTTPONLY"]
    assert values["SESSION_COOKIE_DOMAIN"] is values["CSRF_COOKIE_DOMAIN"] is None
    assert values["SESSION_COOKIE_PATH"] == values["CSRF_COOKIE_PATH"] == "/"
    assert values["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert values["SECURE_SSL_REDIRECT"] is True
    assert values["DEBUG"] is False
