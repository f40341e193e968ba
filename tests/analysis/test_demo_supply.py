"""The kits of the demo: stock at both sites, and one of everything that can happen to a kit."""

from collections import Counter

import pytest

from enrollment.models import Kit, Period, WrongKit
from enrollment.supply.selectors import balances, supply_rule
from trialsite.accounts.models import Site, Study

pytestmark = pytest.mark.usefixtures("demo")


def test_both_sites_have_kits_for_who_comes_next() -> None:
    study = Study.objects.get(code="KETNAL")
    rule = supply_rule(study)
    assert rule
    stocks = balances(Site.objects.filter(study=study))
    assert len(stocks) == 2
    assert all(stock.on_hand and stock.places(rule) for stock in stocks.values())
    arrived = Kit.objects.filter(shipment__received_on__isnull=False).exclude(state="missing").count()
    assert sum(stock.received for stock in stocks.values()) == arrived


def test_one_kit_was_returned_one_destroyed_and_one_given_in_another_s_place() -> None:
    """The wrong kit was handled; every other dose took the kit assigned to it."""
    states = Counter(Kit.objects.values_list("state", flat=True))
    assert (states["returned"], states["destroyed"]) == (1, 1)
    wrong = WrongKit.objects.get()
    assert wrong.closed_by
    assert Kit.objects.get(number=wrong.given).given_in == wrong.period
    dosed = Period.objects.filter(participant__study__code="KETNAL", dosed_on__isnull=False)
    for period in dosed.exclude(pk=wrong.period_id):
        assert Kit.objects.get(given_in=period).number == period.kit_number
