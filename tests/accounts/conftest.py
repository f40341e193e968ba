"""A person with an authenticator app, and the telephone it runs on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import TOTP

from tests.conftest import PASSWORD
from trialsite.accounts import secondfactor
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Authenticator, User


@dataclass
class Telephone:
    """Shows codes of `secret`; `wait` lets half a minute pass for the server, and forgets the wrong codes' delay."""

    user: User
    secret: bytes
    codes: list[str] = field(default_factory=list)

    def shows(self) -> str:
        return f"{TOTP(self.secret).token():06d}"

    def wait(self) -> None:
        with audit_context(self.user, reason="time passes"):
            Authenticator.objects.filter(user=self.user, confirmed=True).update(
                last_step=0, throttling_failure_timestamp=None, throttling_failure_count=0
            )


@pytest.fixture
def telephone(investigator: User) -> Telephone:
    """The investigator's, set up a while ago."""
    return make_telephone(investigator)


def make_telephone(user: User) -> Telephone:
    phone = Telephone(user, secondfactor.new_secret())
    phone.codes = secondfactor.set_up(phone.secret, phone.shows(), by=user) or []
    assert phone.codes
    phone.wait()
    return phone


@pytest.fixture
def required(settings: Any) -> None:
    """As in production."""
    settings.SECOND_FACTOR = "required"


SignInByForm = Callable[..., Client]


@pytest.fixture
def by_form() -> SignInByForm:
    """by_form(user, code) → a client that signed in as a browser does."""

    def go(user: User, code: str = "") -> Client:
        client = Client()
        client.post("/login/", {"username": user.username, "password": PASSWORD})
        if code:
            client.post("/login/code/", {"code": code})
        return client

    return go
