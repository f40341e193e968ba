"""A site's stock: what comes, what leaves, what that still allows."""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from enrollment import services
from enrollment.models import Kit, Participant, Shipment
from enrollment.supply.selectors import balances
from enrollment.today.worklist import worklist
from tests.conftest import MakeUser
from tests.enrollment.steps import days
from tests.enrollment.supply.conftest import Enrol, on_hand, work
from trialsite.accounts.models import Site, User

AsUser = Callable[[User], Client]


@pytest.fixture
def pharmacist(make_user: MakeUser) -> User:
    return make_user("pharmacist")


def send(site: Site, sets: int, by: User) -> Shipment:
    shipment = services.request_supply(site, sets, by=by)
    work()
    shipment.refresh_from_db()
    return shipment


def leave(kit: Kit, today: date, by: User) -> Kit:
    return services.destroy_kit(kit, today, by=by, version=kit.version, reason="dropped")


def empty(site: Site, today: date, by: User) -> None:
    """Nothing of what the site has can be used."""
    for kit in Kit.objects.filter(site=site, state="on_hand", period=None):
        leave(kit, today, by)
    work()


@pytest.mark.usefixtures("committed")
class TestWithTheWorker:
    def test_a_shipment_is_numbered_received_and_counted(
        self, site: Site, pharmacist: User, coordinator: User, today: date
    ) -> None:
        """On its way it is in no balance; what did not arrive never is, and takes a reason."""
        before = balances([site])[site]
        shipment = send(site, 3, pharmacist)
        numbers = list(shipment.kits.values_list("number", flat=True))
        assert len(set(numbers)) == 6
        assert balances([site])[site].received == before.received
        assert balances([site])[site].coming == 3
        with pytest.raises(ValidationError, match="State what is known"):
            services.receive_shipment(shipment, today, by=coordinator, missing=numbers[:1])
        services.receive_shipment(
            shipment, today, by=coordinator, missing=numbers[:1], reason="box crushed on the way"
        )
        after = balances([site])[site]
        assert (after.received - before.received, after.missing - before.missing) == (5, 1)
        assert after.sets_left == before.sets_left + 3 - 1
        with pytest.raises(ValidationError, match="was received on"):
            services.receive_shipment(shipment, today, by=coordinator)

    def test_a_lost_kit_is_replaced_by_another_of_the_stock(
        self, site: Site, coordinator: User, enrol: Enrol, today: date
    ) -> None:
        """The period has the new number, the list of kits says which took which's place; a second request is refused."""
        person = enrol()
        kit = Kit.objects.get(number=person.periods.get(number=2).kit_number)
        before = balances([site])[site]
        services.ask_replacement(kit, by=coordinator, version=kit.version, reason="fell into water")
        with pytest.raises(ValidationError, match="requested already"):
            services.ask_replacement(kit, by=coordinator, version=kit.version + 1, reason="again")
        work()
        new = Kit.objects.get(replaces=kit)
        assert person.periods.get(number=2).kit_number == new.number != kit.number
        assert new.period == person.periods.get(number=2)
        assert balances([site])[site].sets_left == before.sets_left - 1
        leave(Kit.objects.get(pk=kit.pk), today, coordinator)
        assert balances([site])[site].sets_left == before.sets_left - 1

    def test_who_is_randomised_gets_kits_that_are_on_hand(
        self, site: Site, coordinator: User, enrol: Enrol, today: date
    ) -> None:
        """After kits were destroyed, those that come next are of the others; each kit is one person's."""
        gone = {leave(on_hand(site), today, coordinator).number for _ in range(12)}
        work()
        assigned = [period.kit_number for _ in range(6) for period in enrol().periods.all()]
        assert len(set(assigned)) == 12
        assert gone.isdisjoint(assigned)
        assert set(Kit.objects.filter(number__in=assigned).values_list("state", flat=True)) == {"on_hand"}

    def test_an_empty_site_randomises_nobody_until_kits_come(
        self, site: Site, coordinator: User, pharmacist: User, enrol: Enrol, today: date
    ) -> None:
        """It is refused in words, the pharmacist is told how many sets to send, and one set stays spare."""
        empty(site, today, coordinator)
        with pytest.raises(ValidationError, match="No kits are ready at this site"):
            enrol()
        assert ("Send 10 sets of kits", "Site 01") in [
            (action.what, action.participant) for action in worklist(pharmacist, site.study)[0].actions
        ]
        shipment = send(site, 3, pharmacist)
        assert "Receive kits" in [action.what for action in worklist(coordinator, site.study)[0].actions]
        services.receive_shipment(shipment, today, by=coordinator)
        with pytest.raises(ValidationError, match="try again in a moment"):
            enrol()
        work()
        enrol(), enrol()
        assert balances([site])[site].sets_left == 1
        with pytest.raises(ValidationError, match="No kits are ready at this site"):
            enrol()

    def test_what_was_found_again_counts_again(self, site: Site, coordinator: User, today: date) -> None:
        """A kit put back stands as before, and the stock is enough for as many as before."""
        before = balances([site])[site]
        kit = leave(on_hand(site), today, coordinator)
        assert balances([site])[site].sets_left == before.sets_left - 1
        services.put_back_kit(kit, today, by=coordinator, version=kit.version, reason="counted wrong")
        assert balances([site])[site] == before


@pytest.mark.django_db
def test_two_who_record_at_once_do_not_overwrite_each_other(
    site: Site, coordinator: User, today: date
) -> None:
    """The second is told what the kit is by now."""
    kit = on_hand(site)
    leave(kit, today, coordinator)
    with pytest.raises(ValidationError, match="was changed meanwhile: it is destroyed"):
        services.return_kit(kit, today, by=coordinator, version=kit.version, reason="unused")


@pytest.mark.django_db
def test_a_day_to_come_and_a_missing_reason_are_refused(site: Site, coordinator: User, today: date) -> None:
    kit = on_hand(site)
    with pytest.raises(ValidationError, match="still to come"):
        services.return_kit(kit, today + days(1), by=coordinator, version=kit.version, reason="unused")
    with pytest.raises(ValidationError, match="Give the reason"):
        services.return_kit(kit, today, by=coordinator, version=kit.version, reason=" \u200b")


@pytest.mark.django_db
def test_the_pages_of_kits(
    site: Site, coordinator: User, randomised: Participant, as_user: AsUser, today: date
) -> None:
    """Stock and kits, found by number and by participant; a kit leaves by its page; the file has what the page has."""
    client = as_user(coordinator)
    number = randomised.periods.get(number=1).kit_number
    page = client.get(reverse("supply", args=["KETNAL"]), {"q": randomised.code}).content.decode()
    assert page.count("K-") >= 2
    assert number in page
    assert "58 more participants" in page
    assert "No kit matches" in client.get(reverse("supply", args=["KETNAL"]), {"q": "X-9"}).content.decode()
    kit = on_hand(site)
    move = {"on": today.isoformat(), "reason": "torn", "version": kit.version}
    assert client.post(reverse("kit_destroy", args=["KETNAL", kit.number]), move).status_code == 302
    assert "Destroyed" in client.get(reverse("kit", args=["KETNAL", kit.number])).content.decode()
    listed = client.post(reverse("supply_file", args=["KETNAL"]) + "?state=destroyed")
    rows = b"".join(listed.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert rows[0].startswith("kit,site,state,since")
    assert [row.split(",")[0] for row in rows[1:]] == [kit.number]
