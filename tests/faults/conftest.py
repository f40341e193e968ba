"""The demo that is hurt, with people who have ratings to enter."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from analysis.demo.invented import InventedParticipant, PeriodCourse
from analysis.demo.synthetic import DemoWriter
from analysis.monitoring.services.closed import add_slots
from enrollment.models import Visit
from tests.conftest import PASSWORD
from tests.faults.load import Client, Place
from tests.faults.stack import Stack
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Site, Study, User

PEOPLE = ("anna", "bert", "cleo", "dora")
# Works outside the load, one step at a time.
STEADY = "emil"
PARTICIPANTS_EACH, VISITS_EACH = 12, 5


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Stack]:
    """Started once for the tests of this folder in this process; each leaves it running."""
    stack = Stack(tmp_path_factory.mktemp("faults"), django_db_blocker)
    stack.wait_for("Trialsite runs at")
    yield stack
    stack.demo.kill()
    stack.demo.wait()


@pytest.fixture(scope="session")
def places(stack: Stack) -> dict[str, list[Place]]:
    """Five coordinators, each with participants of their own: treated a month ago, rated at baseline only."""
    with stack.inside("closed"):
        study = Study.objects.get(code="KETNAL")
        sites = list(study.sites.order_by("code"))[:2]
        owners = {name: sites[n % 2] for n, name in enumerate((*PEOPLE, STEADY))}
        _coordinators(study, owners)
        mine = {name: _participants(study, site, seed=name) for name, site in owners.items()}
        places: dict[str, list[Place]] = {}
        for name, codes in mine.items():
            visits = Visit.objects.filter(participant__in=codes, period__number=1, status="planned")
            places[name] = [
                Place(v.pk, v.planned_on.isoformat()) for v in visits.order_by("pk") if v.planned_on
            ]
    stack.wait_paid()
    return places


@pytest.fixture(scope="session")
def steady(stack: Stack, places: dict[str, list[Place]]) -> Client:
    """Signed in."""
    client = Client(stack.port, STEADY)
    client.sign_in()
    return client


@pytest.fixture(scope="session")
def unrated(places: dict[str, list[Place]]) -> Iterator[Place]:
    """next(unrated): a visit that nobody has rated, in a period of its own each time."""
    return iter(places[STEADY][::VISITS_EACH])


def _coordinators(study: Study, owners: dict[str, Site]) -> None:
    system = User.objects.system()
    unsaved = User(username="x", printed_name="x")
    unsaved.set_password(PASSWORD)
    with audit_context(system, reason="test"):
        for name, site in owners.items():
            user = User.objects.create(username=name, printed_name=name.title(), password=unsaved.password)
            Membership.objects.create(
                user=user, study=study, site=site, role="coordinator", granted_by=system
            )


def _participants(study: Study, site: Site, seed: str) -> list[int]:
    """Ids of participants under way, each with five visits to rate."""
    rng, protocol = random.Random(seed), study.protocols.latest()
    before = set(site.participants.values_list("pk", flat=True))
    codes = [sequence.code for sequence in protocol.definition.sequences]
    add_slots(
        site, protocol.definition, [(n, rng.choice(codes)) for n in range(1, PARTICIPANTS_EACH + 1)], rng
    )
    today = date.today()
    participant = InventedParticipant(
        site=site,
        consented_on=today - timedelta(days=50),
        age=40,
        sex="F",
        screening_total=26,
        status="randomised",
        courses=lambda arms: [PeriodCourse(today - timedelta(days=30), {"BASELINE": 26})],
    )
    for _ in DemoWriter(protocol, by=User.objects.system(), rng=rng).write([participant] * PARTICIPANTS_EACH):
        pass
    return sorted(set(site.participants.values_list("pk", flat=True)) - before)
