"""People, participants and databases of the tests. Every test runs as trialsite_app on a copy of the template."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import complete
from enrollment import services
from enrollment.models import EligibilityDecision, Participant, Visit
from enrollment.selectors import today_at
from tests.rooms import ROOT
from tests.treatments import add_treatment
from trialsite.accounts.access import Kind, record
from trialsite.accounts.context import audit_context, origin
from trialsite.accounts.models import Membership, Site, Study, User
from trialsite.accounts.rehearsal import confirmed
from trialsite.accounts.sessions import digest
from trialsite.review import services as review
from trialsite.review.models import Signature
from trialsite.stack import testing

PASSWORD = "correct horse battery"
# A busy machine is no fault of the rule under test.
hypothesis.settings.register_profile("trialsite", deadline=None)
hypothesis.settings.load_profile("trialsite")


# Few tests that take long: at the end of a run one process would be left alone with them.
FIRST = tuple(
    ROOT / "tests" / place
    for place in (
        "faults",
        "stack",
        "upgrade",
        "security",
        "blinding/test_swap.py",
        "analysis/test_design.py",
    )
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(item.path.is_relative_to(place) for place in FIRST))


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
        with audit_context(system, reason="test"):
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
    entry = AssessmentEntry(items=values or items(total), rater="R", performed_on=on or visit.planned_on)
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
        for c in person.protocol.definition.criteria
        if c.kind == "confirm" and c.fact != "consent"
    }
    services.record_screening(
        person, by=by, version=1, consented_on=consented, age=40, sex="F", checklist=checklist
    )
    for name in ("Sertraline", "Venlafaxine", "Bupropion", "Mirtazapine"):
        add_treatment(person, by=by, name=name)
    services.declare_treatments(person, by=by, complete=True)
    # Nothing here is a safety alert: those are raised where a test means them.
    calm = items(25) | {"HAMD103": 0, "HAMD108": 4, "HAMD109": 3}
    rate(person.visits.get(period=None), 25, by, on=consented, values=calm)
    person.refresh_from_db()
    return person


def decide(participant: Participant, *, by: User, **more: Any) -> EligibilityDecision:
    """Decide on eligibility, with the password typed just before; `more` as for the service."""
    with confirmed(by):
        return services.confirm_eligibility(participant, by=by, **more)


@pytest.fixture
def eligible(screened: Participant, investigator: User) -> Participant:
    decide(screened, by=investigator)
    screened.refresh_from_db()
    return screened


@pytest.fixture
def randomised(eligible: Participant, coordinator: User) -> Participant:
    return randomised_earlier(eligible, by=coordinator)


def randomised_earlier(participant: Participant, *, by: User) -> Participant:
    """Randomised, and on the day of consent: the clock of a test stands still, and what it records lies in the past."""
    person = services.randomise(participant, by=by)
    assert person.consented_on
    moment = datetime.combine(person.consented_on, time(10), ZoneInfo(person.site.timezone))
    with audit_context(User.objects.system(), reason="a test's past"):
        Participant.objects.filter(pk=person.pk).update(randomised_at=moment)
    person.randomised_at = moment
    return person


def confirmed_session(user: User) -> str:
    """The key of a live session of `user` in which the password was confirmed just now."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    key = client.session.session_key or ""
    token = origin.set(replace(origin.get(), session=digest(key)))
    try:
        record(Kind.CONFIRMED, user)
    finally:
        origin.reset(token)
    return key


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
