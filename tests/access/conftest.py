"""The demo trial, committed, for a whole file of tests; and a person for every role at every place."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.access.places import Places, find
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Role, Site, Study, User
from trialsite.stack import testing


@pytest.fixture(scope="module")
def demo_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy of the demo whose changes are committed, as in production: no test transaction around requests."""
    before = connection.settings_dict["NAME"]
    name = f"ts_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        yield name
        connection.close()
        connection.settings_dict["NAME"] = before
    testing.drop(name)


@pytest.fixture(scope="module")
def places(demo_database: str) -> Places:
    return find()


Person = tuple[str, str]
OUTSIDE = "outside"


@pytest.fixture(scope="module")
def people(places: Places) -> dict[Person, User]:
    """(role, "01" | "02" | "all" | "outside") → a person with that one role there; outside: in another study."""
    other = Study.objects.exclude(pk=places.study.pk)[0]
    sites: dict[str, Site | None] = {site.code: site for site in places.study.sites.all()}
    sites |= {"all": None, OUTSIDE: None}
    system = User.objects.system()
    users = {}
    with audit_context(system, reason="test"):
        for role in Role.values:
            for where, site in sites.items():
                user = User(username=f"{role}-{where}", printed_name=f"{role} of {where}")
                user.set_unusable_password()
                user.save()
                study = other if where == OUTSIDE else places.study
                Membership.objects.create(user=user, study=study, site=site, role=role, granted_by=system)
                users[role, where] = user
    return users


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
