"""Nothing that the blinded see of a kit depends on what is in it: number, order, how many are left, how much is written."""

import random
from dataclasses import replace
from datetime import date
from itertools import pairwise
from statistics import NormalDist

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from analysis.allocation.services import pack, supply
from enrollment import services
from enrollment.models import Kit, Participant, Shipment
from enrollment.protocol.model import Protocol
from enrollment.selectors import today_at
from enrollment.supply.selectors import balances, supply_rule
from tests.analysis.conftest import as_closed
from tests.conftest import MakeUser, decide, make_screened
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("BLD-01")]


@pytest.fixture
def site(committed: str) -> Site:
    return Site.objects.select_related("study").get(study__code="KETNAL", code="01")


def work() -> None:
    with as_closed():
        process_outbox(Outbox.Kind.SUPPLY, supply)


def arms_of(study: Study) -> dict[str, str]:
    """Kit → arm, as nobody blinded can read it."""
    with as_closed(), connection.cursor() as cursor:
        cursor.execute("select kit_number, arm from closed.stock where study_id = %s", [study.pk])
        return dict(cursor.fetchall())


def packed(site: Site, protocol: Protocol, sets: int) -> list[tuple[int, str]]:
    """Place in the public table and number of the kits of a shipment, by one and the same chance; taken back."""
    with as_closed(), transaction.atomic():
        with audit_context(User.objects.system(), reason="test"):
            shipment = Shipment.objects.create(
                study=site.study, site=site, sets=sets, requested_by=User.objects.system()
            )
        pack(shipment, protocol, random.Random(7))
        kits = list(shipment.kits.order_by("pk").values_list("pk", "number"))
        transaction.set_rollback(True)
    first = kits[0][0]
    return [(pk - first, number) for pk, number in kits]


def test_the_other_contents_make_the_same_rows(site: Site) -> None:
    """With the arms the other way round the same numbers stand in the same places."""
    protocol = site.study.protocols.latest().definition
    swapped = replace(protocol, arms=protocol.arms[::-1])
    rows = packed(site, protocol, 20)
    assert rows == packed(site, swapped, 20)
    assert [number for _, number in rows] == sorted(number for _, number in rows)


def test_numbers_and_contents_are_independent(site: Site) -> None:
    """Over a thousand kits the numbers of one arm are as high as the other's (rank sum), and along the numbers the arm
    changes as often as by chance (runs)."""
    with audit_context(User.objects.system(), reason="test"):
        shipment = Shipment.objects.create(
            study=site.study, site=site, sets=500, requested_by=User.objects.system()
        )
    with as_closed():
        pack(shipment, site.study.protocols.latest().definition, random.Random(11))
    contents = arms_of(site.study)
    arms = [contents[number] for number in shipment.kits.order_by("pk").values_list("number", flat=True)]
    n = len(arms) // 2
    assert arms.count("PLA") == arms.count("NAL") == n
    ranks = sum(place for place, arm in enumerate(arms, start=1) if arm == "PLA")
    expected, spread = n * (2 * n + 1) / 2, (n * n * (2 * n + 1) / 12) ** 0.5
    runs = 1 + sum(a != b for a, b in pairwise(arms))
    far = NormalDist().inv_cdf(1 - 0.0005)
    assert abs(ranks - expected) < far * spread
    assert abs(runs - (n + 1)) < far * (n * (n - 1) / (2 * n - 1)) ** 0.5


def heads() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select n from closed.heads() where chain like 'allocation:%' order by n desc limit 1")
        return int(cursor.fetchone()[0])


def test_as_much_is_written_whichever_kit_is_lost(site: Site, make_user: MakeUser) -> None:
    """The chain of the closed schema, whose length everybody may know, grows alike for a kit of either arm, planned for
    the next place, for the last, or spare."""
    by, contents = make_user("coordinator", site), arms_of(site.study)
    grown = set()
    for arm in ("PLA", "NAL", "PLA", "NAL"):
        kits = Kit.objects.filter(site=site, state="on_hand", period=None)
        kit = next(kit for kit in kits if contents[kit.number] == arm)
        before = heads()
        services.destroy_kit(kit, today_at(site), by=by, version=kit.version, reason="dropped")
        work()
        services.put_back_kit(kit, today_at(site), by=by, version=kit.version + 1, reason="was there")
        work()
        grown.add(heads() - before)
    assert len(grown) == 1


@pytest.fixture
def people(site: Site, make_user: MakeUser) -> list[Participant]:
    coordinator, investigator = make_user("coordinator", site), make_user("investigator", site)
    eligible = []
    for _ in range(4):
        person = make_screened(site, coordinator)
        decide(person, by=investigator)
        eligible.append(person)
    return eligible


@pytest.mark.parametrize("lost", [("PLA", "PLA"), ("NAL", "NAL"), ("PLA", "NAL")])
def test_who_is_refused_follows_from_the_counts(
    lost: tuple[str, str], site: Site, make_user: MakeUser, people: list[Participant]
) -> None:
    """However the losses fall on the arms, the same number of participants is randomised and the next one refused, while
    kits are still on hand."""
    coordinator, pharmacist = make_user("coordinator", site), make_user("pharmacist")
    contents = arms_of(site.study)
    today: date = today_at(site)
    _leave_sets(site, coordinator, today, contents, 5)
    for arm in lost:
        kit = next(k for k in Kit.objects.filter(site=site, state="on_hand") if contents[k.number] == arm)
        services.destroy_kit(kit, today, by=coordinator, version=kit.version, reason="dropped")
    work()
    rule = supply_rule(site.study)
    assert rule
    assert balances([site])[site].places(rule) == 2
    for person in people[:2]:
        services.randomise(person, by=coordinator)
    with pytest.raises(ValidationError, match="No kits are ready"):
        services.randomise(people[2], by=coordinator)
    assert Kit.objects.filter(site=site, state="on_hand", period=None).exists()
    shipment = services.request_supply(site, 1, by=pharmacist)
    work()
    shipment.refresh_from_db()
    services.receive_shipment(shipment, today, by=coordinator)
    work()
    services.randomise(people[2], by=coordinator)


def _leave_sets(site: Site, by: User, today: date, contents: dict[str, str], sets: int) -> None:
    """As if the site had received no more than `sets` sets: the shipment is said to be smaller, its other kits were never
    sent. Past the services, as no role of the product does it."""
    keep: dict[str, int] = {}
    with audit_context(User.objects.system(), reason="test"):
        Shipment.objects.filter(site=site).update(sets=sets)
        for kit in Kit.objects.filter(site=site):
            arm = contents[kit.number]
            keep[arm] = keep.get(arm, 0) + 1
            if keep[arm] > sets:
                Kit.objects.filter(pk=kit.pk).update(state="sent")


def test_a_blinded_role_learns_nothing_from_trying() -> None:
    """The web may ask for no plan and no replacement: whoever could, and took it back, would learn which kits are alike."""
    calls = (
        "plan_kits(1, 1, '{}')",
        "replace_kit(1, 'K-1')",
        "add_stock(1, '[]')",
        "free_kits(1)",
        "arm_of(1, 'K-1')",
    )
    for call in calls:
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"select closed.{call}")
