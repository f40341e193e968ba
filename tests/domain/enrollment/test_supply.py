"""Whether a stock is enough, from counts alone: true whatever treatments were needed."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.supply import ShipmentUse, StockBalance
from enrollment.protocol.model import SupplyRule

RULE = SupplyRule(minimum_sets=4, target_sets=10, spare_sets=1)
DESIGNS = (
    (("A", "B"), ("B", "A")),
    (("A",), ("B",)),
    (("A", "A"), ("A", "B"), ("B", "A"), ("B", "B")),
    (("A", "B", "C"), ("B", "C", "A"), ("C", "A", "B")),
)


@dataclass
class Arrived:
    """What is left of a shipment, by arm, beside what everybody may count."""

    sets: int
    free: Counter[str]
    participants: set[int] = field(default_factory=set)
    broken: int = 0


@dataclass
class Stock:
    """A site's stock. `chance` says from which shipment a kit is taken, and which one is lost."""

    sequences: tuple[tuple[str, ...], ...]
    chance: random.Random
    shipments: list[Arrived] = field(default_factory=list)
    participants: int = 0

    @property
    def one_set(self) -> dict[str, int]:
        return {arm: max(s.count(arm) for s in self.sequences) for s in self.sequences for arm in s}

    @property
    def balance(self) -> StockBalance:
        uses = (ShipmentUse(s.sets, len(s.participants), s.broken) for s in self.shipments)
        return StockBalance(participants=self.participants, shipments=tuple(uses))

    def take(self, arm: str) -> Arrived:
        """A kit of that arm from any shipment that has one: fails where none has."""
        shipment = self.chance.choice([s for s in self.shipments if s.free[arm]])
        shipment.free[arm] -= 1
        return shipment

    def come(self, sets: int) -> None:
        free = Counter({arm: n * sets for arm, n in self.one_set.items()})
        self.shipments.append(Arrived(sets, free))

    def randomise(self) -> None:
        self.participants += 1
        for arm in self.chance.choice(self.sequences):
            self.take(arm).participants.add(self.participants)

    def lose(self, arm: str) -> None:
        """Also the place that a replacement takes in the counts."""
        self.take(arm).broken += 1

    def lose_shipment(self) -> None:
        shipment = self.chance.choice(self.shipments)
        shipment.broken += shipment.free.total()
        shipment.free.clear()


@given(
    design=st.sampled_from(DESIGNS),
    happenings=st.lists(st.sampled_from(["come", "randomise", "randomise", "lose", "replace", "lose all"])),
    seed=st.integers(),
)
def test_what_the_counts_promise_is_there(
    design: tuple[tuple[str, ...], ...], happenings: list[str], seed: int
) -> None:
    """Whoever is promised a place gets every kit of any sequence, and a replacement is found while a set is left: after any
    history of deliveries, demands and losses, whatever falls on which treatment."""
    stock = Stock(design, random.Random(seed))
    for what in happenings:
        arm = stock.chance.choice(sorted(stock.one_set))
        free = Counter[str]()
        for shipment in stock.shipments:
            free += shipment.free
        if what == "come":
            stock.come(stock.chance.randint(1, 4))
        elif what == "randomise" and stock.balance.places(RULE):
            stock.randomise()
        elif (what == "replace" and stock.balance.sets_left) or (what == "lose" and free[arm]):
            stock.lose(arm)
        elif what == "lose all" and stock.shipments:
            stock.lose_shipment()
        for each, n in stock.one_set.items():
            on_hand = sum(shipment.free[each] for shipment in stock.shipments)
            assert on_hand >= n * stock.balance.sets_left


@pytest.mark.parametrize(
    ("sets", "coming", "proposed"),
    [(10, 0, 0), (4, 0, 0), (3, 0, 7), (3, 1, 0), (0, 0, 10), (1, 2, 7)],
)
def test_a_site_is_filled_up_once_it_falls_below_the_minimum(sets: int, coming: int, proposed: int) -> None:
    """What is on its way counts, so that nothing is sent twice."""
    assert StockBalance(coming=coming, shipments=(ShipmentUse(sets),)).proposal(RULE) == proposed


def of(*shipments: ShipmentUse, participants: int) -> StockBalance:
    return StockBalance(shipments=shipments, participants=participants)


def test_a_spare_set_is_nobodys() -> None:
    """One set is left for kits that break: the next participant has to wait."""
    assert of(ShipmentUse(3, 1), participants=1).places(RULE) == 1
    assert of(ShipmentUse(3, 1, broken=1), participants=1).places(RULE) == 0
    assert of(ShipmentUse(1, 1, broken=2), participants=1).sets_left == 0


def test_who_took_of_two_shipments_counts_once() -> None:
    assert of(ShipmentUse(3, 2), ShipmentUse(3, 2), participants=2).sets_left == 4


def test_a_shipment_that_was_lost_takes_nothing_from_the_next() -> None:
    """Of ten sets twenty kits went out of date: three new ones are three."""
    assert of(ShipmentUse(10, broken=20), ShipmentUse(3), participants=0).sets_left == 3
