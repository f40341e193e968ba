"""The kits of the demo trial: two shipments to each site, one kit returned, one destroyed, one given in another's place."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from analysis.allocation.services import supply
from enrollment.models import Kit, Period, Shipment, WrongKit
from enrollment.services import close_wrong_kit, destroy_kit, receive_shipment, request_supply, return_kit
from enrollment.supply.giving import give_kit
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox

# Days before today: the first kits came before anybody was randomised.
FIRST, SECOND = 540, 430
SETS = 6
# Who was given the capsule of another kit, and in which period.
WRONG = ("02-006", 1)
HAPPENED = "Two boxes lay side by side on the shelf; the number was read from the other one after the capsule was taken"
ACTION = (
    "The participant was told and seen the next day, no complaints. The pharmacy checked the stock; boxes are laid out"
    " singly now, and a second person reads the number aloud."
)


def opening_stock(site: Site, sets: int, numbers: Sequence[str], today: date) -> None:
    """The kits of the places that the site began with, as received before the trial."""
    system = User.objects.system()
    with audit_context(system, role="system", reason="invented data"):
        shipment = Shipment.objects.create(
            study=site.study,
            site=site,
            sets=sets,
            requested_by=system,
            packed_at=timezone.now(),
            received_on=today - timedelta(days=FIRST),
        )
        Kit.objects.bulk_create(
            Kit(
                study=site.study,
                site=site,
                shipment=shipment,
                number=number,
                state=Kit.State.ON_HAND,
                moved_on=shipment.received_on,
            )
            for number in sorted(numbers)
        )


def numbers_of(site: Site) -> list[str]:
    """Of all kits on the site's list. Needs the trialsite_closed role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select k.kit_number from closed.kit k join closed.slot s on s.id = k.slot_id where s.site_id = %s",
            [site.pk],
        )
        return [number for (number,) in cursor.fetchall()]


def hand_out(study: Study, today: date) -> None:
    """What became of the kits: assigned and given as the periods say; one returned, one destroyed, one wrong."""
    people = {user.username: user for user in User.objects.filter(memberships__study=study).distinct()}
    sites = {site.code: site for site in study.sites.select_related("study")}
    # Tickets of the demo's own, so that every demo is alike.
    rng = random.Random("kits of the demo")  # noqa: S311
    shipments = [request_supply(site, SETS, by=people["pharmacist"]) for site in sites.values()]
    process_outbox(Outbox.Kind.SUPPLY, lambda pks: supply(pks, rng=rng))
    for shipment, coordinator in zip(shipments, ("coordinator", "coordinator2"), strict=True):
        shipment.refresh_from_db()
        receive_shipment(shipment, today - timedelta(days=SECOND), by=people[coordinator])
    _give(study)
    _leave(sites, people, today)
    _give_wrong(study, people)


def _give(study: Study) -> None:
    """Each period's kit is its own, and dispensed where it was dosed."""
    kits = {kit.number: kit for kit in Kit.objects.filter(study=study)}
    changed = []
    for period in Period.objects.filter(participant__study=study, kit_number__in=kits):
        kit = kits[period.kit_number]
        kit.period = period
        if period.dosed_on:
            kit.state, kit.given_in, kit.moved_on = Kit.State.DISPENSED, period, period.dosed_on
        changed.append(kit)
    with audit_context(User.objects.system(), role="system", reason="invented data"):
        Kit.objects.bulk_update(changed, ["period", "state", "given_in", "moved_on"])


def _leave(sites: Mapping[str, Site], people: Mapping[str, User], today: date) -> None:
    """At the first site one kit is destroyed; at the second, what a participant left who withdrew goes back."""
    broken = Kit.objects.filter(site=sites["01"], state=Kit.State.ON_HAND, period=None).earliest("number")
    destroy_kit(
        broken, today - timedelta(days=SECOND - 5), by=people["coordinator"], version=broken.version,
        reason="The blister was torn when the box was opened for the count",
    )  # fmt: skip
    unused = Kit.objects.filter(
        site=sites["02"], state=Kit.State.ON_HAND, period__participant__status="withdrawn"
    ).earliest("number")
    return_kit(
        unused, today - timedelta(days=170), by=people["coordinator2"], version=unused.version,
        reason="The participant withdrew before the first infusion; sent back to the pharmacy",
    )  # fmt: skip


def _give_wrong(study: Study, people: Mapping[str, User]) -> None:
    code, number = WRONG
    period = Period.objects.select_related("participant__study").get(
        participant__study=study, participant__code=code, number=number
    )
    if period.dosed_on is None:
        raise RuntimeError(f"{code} has no dose of period {number}")
    other = Kit.objects.filter(
        site=period.participant.site_id, state=Kit.State.ON_HAND, period=None, shipment__sets=SETS
    ).latest("number")
    with audit_context(people["coordinator2"], role="coordinator", reason=HAPPENED):
        give_kit(period, other.number, period.dosed_on, by=people["coordinator2"], reason=HAPPENED)
    close_wrong_kit(WrongKit.objects.get(period=period), by=people["investigator2"], action=ACTION)
