"""Reads of kits and of a site's stock. Fetching is authorising."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from enrollment.domain.supply import ShipmentUse, StockBalance
from enrollment.models import Kit, Period, Shipment, WrongKit
from enrollment.protocol.model import SupplyRule
from trialsite.accounts.http import require_access
from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import may, sites_where

# Of a shipment's kits: those that left the stock for nobody.
LOST = Q(
    kits__period=None,
    kits__state__in=[Kit.State.DISPENSED, Kit.State.RETURNED, Kit.State.DESTROYED, Kit.State.MISSING],
)


@dataclass(frozen=True, slots=True)
class SiteStock:
    """`places`: how many more participants can be randomised there; None where the allocation list alone says it.
    `proposal`: sets that should be sent now."""

    site: Site
    balance: StockBalance
    places: int | None
    proposal: int
    may_send: bool


def supply_rule(study: Study) -> SupplyRule | None:
    """Of the protocol in force; None where kits come by the allocation list alone."""
    return study.protocols.latest().definition.supply


def balances(sites: Iterable[Site]) -> dict[Site, StockBalance]:
    """By site, in two queries whatever their number."""
    chosen = list(sites)
    participants = dict(
        Kit.objects.filter(site__in=chosen, period__isnull=False)
        .order_by()
        .values_list("site")
        .annotate(n=Count("period__participant", distinct=True))
    )
    counts: dict[int, list[Mapping[str, Any]]] = {}
    for row in _shipment_counts(chosen):
        counts.setdefault(row["site"], []).append(row)
    return {site: _balance(counts.get(site.pk, []), participants.get(site.pk, 0)) for site in chosen}


def _shipment_counts(sites: list[Site]) -> Iterable[Mapping[str, Any]]:
    """What became of the kits of each shipment. Who was assigned another kit in the place of one counts by that one."""
    states = {
        name: Count("kits", Q(kits__state=name), distinct=True) for name in (*Kit.RECEIVED, Kit.State.MISSING)
    }
    first = Q(kits__replaces=None)
    return (
        Shipment.objects.filter(site__in=sites)
        .order_by("pk")
        .values("site", "sets", "received_on")
        .annotate(
            **states,
            participants=Count("kits__period__participant", first, distinct=True),
            broken=Count("kits", LOST | Q(kits__replaces__isnull=False), distinct=True),
        )
    )


def _balance(shipments: list[Mapping[str, Any]], participants: int) -> StockBalance:
    states = ("on_hand", "dispensed", "returned", "destroyed", "missing")
    return StockBalance(
        **{name: sum(row[name] for row in shipments) for name in states},
        coming=sum(row["sets"] for row in shipments if row["received_on"] is None),
        participants=participants,
        shipments=tuple(
            ShipmentUse(row["sets"], row["participants"], row["broken"])
            for row in shipments
            if row["received_on"]
        ),
    )


def stocks_for(user: User, study: Study) -> list[SiteStock]:
    """Of each site that `user` may see: with what its stock still allows."""
    rule = supply_rule(study)
    sites = sites_where(user, "supply.view", study).order_by("code")
    sends = set(sites_where(user, "supply.send", study))
    return [
        SiteStock(
            site,
            balance,
            places=balance.places(rule) if rule else None,
            proposal=balance.proposal(rule) if rule else 0,
            may_send=rule is not None and site in sends,
        )
        for site, balance in balances(sites).items()
    ]


def shipments_coming(user: User, study: Study) -> QuerySet[Shipment]:
    """On their way to the sites where `user` receives them, the oldest first."""
    sites = list(sites_where(user, "supply.record", study))
    return Shipment.objects.filter(site__in=sites, received_on=None).select_related("site").order_by("pk")


def shipments_at(sites: QuerySet[Site]) -> QuerySet[Shipment]:
    """Those that are numbered, the latest first."""
    return Shipment.objects.filter(site__in=list(sites), packed_at__isnull=False).select_related("site")


def kits_for(user: User, study: Study) -> QuerySet[Kit]:
    return Kit.objects.filter(
        study=study, site__in=list(sites_where(user, "supply.view", study))
    ).select_related("site", "period__participant", "given_in__participant", "replaces")


def kit_for(user: User, study: Study, number: str, action: str) -> Kit:
    kits = Kit.objects.select_related("study", "site", "period__participant", "given_in__participant")
    kit = get_object_or_404(kits, study=study, number=number)
    require_access(user, action, study, kit.site)
    return kit


def shipment_for(user: User, pk: int, action: str) -> Shipment:
    shipment = get_object_or_404(Shipment.objects.select_related("study", "site", "requested_by"), pk=pk)
    require_access(user, action, shipment.study, shipment.site)
    return shipment


def wrong_kit_for(user: User, pk: int, action: str) -> WrongKit:
    wrong = (
        WrongKit.objects.select_related(
            "participant__study", "participant__site", "period", "recorded_by", "closed_by"
        )
        .filter(pk=pk)
        .first()
    )
    if wrong is None:
        raise Http404
    require_access(user, action, wrong.participant.study, wrong.participant.site)
    return wrong


def wrong_kits_waiting_for(user: User, study: Study) -> QuerySet[WrongKit]:
    """Kits given in another's place at the sites of `user`, until somebody has said what was done; oldest first."""
    if not may(user, "wrong_kit.view", study):
        return WrongKit.objects.none()
    return (
        WrongKit.objects.filter(
            participant__site__in=list(sites_where(user, "wrong_kit.view", study)),
            closed_at=None,
            corrected_at=None,
        )
        .select_related("participant", "period")
        .order_by("pk")
    )


def wrong_kit_of(period: Period) -> WrongKit | None:
    """What stands of another kit having been given in `period`, closed or not."""
    return period.wrong_kits.filter(corrected_at=None).first()


def kit_given_in(period: Period) -> str:
    """The number of the kit that was recorded as given; empty before the dose."""
    wrong = wrong_kit_of(period)
    return wrong.given if wrong else period.kit_number if period.dosed_on else ""
