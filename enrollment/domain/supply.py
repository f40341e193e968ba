"""Whether a site's stock is enough, from counts that everybody may know.

Kits come in sets, and a set holds of each treatment as many as any participant can need. Whoever is randomised takes at most
one set; a kit that is lost, or takes a lost one's place, breaks at most one. So `sets_left` below can be taken for sure
whatever treatments were needed so far, and a site's running out tells nothing about them.
"""

from dataclasses import dataclass

from enrollment.protocol.model import SupplyRule


@dataclass(frozen=True, slots=True)
class ShipmentUse:
    """What was taken of a shipment that arrived: `participants` who were assigned kits of it; `broken`: kits of it that left
    the stock for nobody, or that replaced another."""

    sets: int
    participants: int = 0
    broken: int = 0

    @property
    def sets_left(self) -> int:
        return max(0, self.sets - self.participants - self.broken)


@dataclass(frozen=True, slots=True)
class StockBalance:
    """Kits of one site, by what became of them, and what that leaves. Sets `coming`; `participants` who were assigned kits
    of any shipment."""

    on_hand: int = 0
    dispensed: int = 0
    returned: int = 0
    destroyed: int = 0
    missing: int = 0
    coming: int = 0
    participants: int = 0
    shipments: tuple[ShipmentUse, ...] = ()

    @property
    def received(self) -> int:
        return self.on_hand + self.dispensed + self.returned + self.destroyed

    @property
    def sets_left(self) -> int:
        """The better of two counts, for both hold: of the whole stock, where who took of two shipments counts once; and of
        each shipment by itself, where one that was lost altogether takes nothing from the others."""
        together = sum(each.sets - each.broken for each in self.shipments) - self.participants
        return max(0, together, sum(each.sets_left for each in self.shipments))

    def places(self, rule: SupplyRule) -> int:
        """How many more participants can be randomised before kits come."""
        return max(0, self.sets_left - rule.spare_sets)

    def proposal(self, rule: SupplyRule) -> int:
        """How many sets to send now; 0 while there are enough, those on their way included."""
        expected = self.sets_left + self.coming
        return rule.target_sets - expected if expected < rule.minimum_sets else 0
