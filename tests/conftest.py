"""People, participants and databases of the tests. Every test runs as trialsite_app on a copy of the template."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from assessments.models import Assessment
from assessments.services import Entry, complete
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Membership, Site, Study, User
from trialsite.accounts.rehearsal import confirmed
from trialsite.review import services as review
from trialsite.review.models import Signature
from trialsite.stack import testing

PASSWORD = "correct horse battery"
# A busy machine is no fault of the rule under test.
hypothesis.settings.register_profile("trialsite", deadline=None)
hypothesis.settings.load_profile("trialsite")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A copy of the template for this process."""
    name = str(connection.settings_dict["NAME"])
    testing.database(name)
    yield
    with django_db_blocker.unblock():
        connection.close()
    testing.drop(name)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of its own whose changes are committed; its name, so that others can connect as well."""
    before = connection.settings_dict["NAME"]
    name = f"ts_{uuid.uuid4().hex[:12]}"
    testing.database(name)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        yield name
        connection.close()
        connection.settings_dict["NAME"] = before
    testing.drop(name)


@pytest.fixture
def study() -> Study:
    return Study.objects.get(code="KETNAL")


@pytest.fixture
def site(study: Study) -> Site:
    return study.sites.get(code="01")


@pytest.fixture
def other_site(study: Study) -> Site:
    return study.sites.get(code="02")


MakeUser = Callable[..., User]


@cache
def _hashed() -> str:
    """Once a process: a hash that is slow to guess is slow to make."""
    return make_password(PASSWORD)


@pytest.fixture
def make_user(study: Study) -> MakeUser:
    """make_user("coordinator", site) → a person with that role there; site None: at all sites."""

    def make(role: str, at: Site | None = None, username: str = "") -> User:
        system = User.objects.system()
        with signed_by(system, reason="test"):
            user = User(username=username or f"{role}{uuid.uuid4().hex[:6]}", printed_name=f"The {role}")
            user.password = _hashed()
            user.save()
            Membership.objects.create(user=user, study=study, site=at, role=role, granted_by=system)
        return user

    return make


@pytest.fixture
def coordinator(make_user: MakeUser, site: Site) -> User:
    return make_user("coordinator", site)


@pytest.fixture
def investigator(make_user: MakeUser, site: Site) -> User:
    return make_user("investigator", site)


@pytest.fixture
def as_user(client: Client) -> Callable[[User], Client]:
    def login(user: User) -> Client:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return login


def items(total: int) -> dict[str, int | None]:
    """A complete HAM-D17 rating with this total."""
    from assessments.domain.instrument import load

    values: dict[str, int | None] = {}
    for group in load("HAMD17").groups:
        values[group[0].code] = step = min(group[0].maximum, total)
        total -= step
    return values


def rate(
    visit: Visit,
    total: int,
    by: User,
    on: date | None = None,
    values: dict[str, int | None] | None = None,
) -> Assessment:
    """Enter a complete rating at `visit`; `values`: how its items add up to `total`."""
    entry = Entry(items=values or items(total), rater="R", performed_on=on or visit.planned_on)
    visit.refresh_from_db()
    return complete(visit, "HAMD17", entry, by=by, form_token=uuid.uuid4())


@pytest.fixture
def screened(site: Site, coordinator: User) -> Participant:
    """In screening, with every criterion known and met."""
    return make_screened(site, coordinator)


def make_screened(site: Site, by: User) -> Participant:
    consented = today_at(site) - timedelta(days=100)
    person = services.screen(site, by=by, consented_on=consented, age=40, sex="F")
    checklist = {
        c.fact: c.expected
        for c in person.protocol.rules.criteria
        if c.kind == "confirm" and c.fact != "consent"
    }
    services.record_screening(
        person, by=by, version=1, consented_on=consented, age=40, sex="F", checklist=checklist
    )
    for name in ("Sertraline", "Venlafaxine", "Bupropion", "Mirtazapine"):
        services.add_treatment(
            person, by=by, kind="antidepressant", name=name, dose="", weeks=8, outcome="insufficient"
        )
    services.declare_treatments(person, by=by, complete=True)
    # Nothing here is a safety alert: those are raised where a test means them.
    calm = items(25) | {"HAMD103": 0, "HAMD108": 4, "HAMD109": 3}
    rate(person.visits.get(period=None), 25, by, on=consented, values=calm)
    person.refresh_from_db()
    return person


@pytest.fixture
def eligible(screened: Participant, investigator: User) -> Participant:
    services.confirm_eligibility(screened, by=investigator)
    screened.refresh_from_db()
    return screened


@pytest.fixture
def randomised(eligible: Participant, coordinator: User) -> Participant:
    return services.randomise(eligible, by=coordinator)


def sign(participant: Participant, visit: Visit | None, *, by: User, **more: Any) -> Signature:
    """Sign, with the password typed just before; `meaning` and `shown` as for the service."""
    with confirmed(by):
        return review.sign(participant, visit, by=by, **{"meaning": "reviewed", **more})


def sign_series(
    participant: Participant, shown: Mapping[int | None, str], *, by: User, meaning: str
) -> list[Signature]:
    """The same of what was read in one sitting."""
    with confirmed(by):
        return review.sign_series(participant, shown, by=by, meaning=meaning)
