"""Fifty kits dispensed at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from enrollment import services
from enrollment.models import Kit, Period
from enrollment.selectors import today_at
from enrollment.supply.selectors import balances
from tests.conftest import MakeUser, decide, make_screened
from trialsite.accounts.models import Site, Study, User

PEOPLE = 50


@pytest.fixture
def periods(committed: str, make_user: MakeUser) -> dict[int, User]:
    """The first periods of fifty people at two sites, each with who records there."""
    study = Study.objects.get(code="KETNAL")
    by_period = {}
    for site in study.sites.order_by("code"):
        coordinator, investigator = make_user("coordinator", site), make_user("investigator", site)
        for _ in range(PEOPLE // 2):
            person = make_screened(site, coordinator)
            decide(person, by=investigator)
            services.randomise(person, by=coordinator)
            by_period[person.periods.get(number=1).pk] = coordinator
    return by_period


def test_at_every_moment_what_was_received_is_somewhere(periods: dict[int, User]) -> None:
    """Received = on hand + dispensed + returned + destroyed, read all the while; in the end each dose has its own kit."""
    sites = list(Site.objects.filter(study__code="KETNAL"))
    received = Kit.objects.filter(shipment__received_on__isnull=False).exclude(state="missing").count()
    over, sums = threading.Event(), []

    def watch() -> None:
        while not over.is_set():
            sums.append(sum(balance.received for balance in balances(sites).values()))
        connection.close()

    def dispense(pk: int) -> None:
        period = Period.objects.select_related("participant__site", "participant__study").get(pk=pk)
        day = today_at(period.participant.site)
        services.record_dosing(period, day, by=periods[pk], version=period.version, kit=period.kit_number)
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(dispense, periods))
    over.set()
    watcher.join()
    assert set(sums) == {received}
    dispensed = Kit.objects.filter(state="dispensed")
    assert set(dispensed.values_list("given_in", flat=True)) == set(periods)
    assert not dispensed.exclude(given_in__in=periods).exists()
    assert sum(balance.dispensed for balance in balances(sites).values()) == PEOPLE
