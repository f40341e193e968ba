"""What only the unblinded worker does with kits: number what is sent, replace what was lost, plan who gets which.

Runs with the trialsite_closed role. What a change of the stock leads to is one pass over the site, however often it is
asked for; how much it writes follows from counts that everybody may know.
"""

import random
import uuid
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from analysis.monitoring.services.closed import kits_taken
from enrollment.domain.allocation import kit_numbers
from enrollment.models import Kit, Shipment
from enrollment.protocol.model import Protocol
from enrollment.supply.selectors import balances
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.lib import canonical

SEND = "kits numbered for a shipment"
REPLACE = "kit replaced from the stock"


@transaction.atomic
def supply(sites: Sequence[int], *, rng: random.Random | None = None) -> None:
    """Settle what has changed at the stock of each site."""
    for site in Site.objects.filter(pk__in=sites).select_related("study").order_by("pk"):
        protocol = site.study.protocols.latest().definition
        if protocol.supply is None:
            continue
        # Before everything else, as randomising does: the two never wait for each other.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('closed.slot'), %s)", [site.study_id])
        for shipment in site.shipments.filter(packed_at=None).order_by("pk"):
            pack(shipment, protocol, rng or random.SystemRandom())
        _replace(site)
        plan(site, protocol)


def pack(shipment: Shipment, protocol: Protocol, rng: random.Random) -> None:
    """Draw the numbers of a shipment's kits, and say in the closed schema what each is to hold. Outside it they are
    written in the order of their numbers, which are drawn at random."""
    arms = [arm for arm, n in protocol.set_of_kits.items() for _ in range(n * shipment.sets)]
    numbers = kit_numbers(len(arms), kits_taken(shipment.study_id), rng)
    kits = [
        [number, arm, str(uuid.UUID(int=rng.getrandbits(128), version=4))]
        for number, arm in zip(numbers, arms, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select closed.add_stock(%s, %s)", [shipment.study_id, canonical.encode(kits).decode()]
        )
    with audit_context(User.objects.system(), role="system", reason=SEND):
        Kit.objects.bulk_create(
            Kit(study_id=shipment.study_id, site_id=shipment.site_id, shipment=shipment, number=number)
            for number in sorted(numbers)
        )
        shipment.packed_at = timezone.now()
        shipment.save(force_update=True)


def plan(site: Site, protocol: Protocol) -> None:
    """Which kits the next places of the site's list get, as many as the stock allows for sure."""
    if protocol.supply is None:
        return
    places = balances([site])[site].places(protocol.supply)
    arms = {sequence.code: sequence.arms for sequence in protocol.sequences}
    with connection.cursor() as cursor:
        cursor.execute(
            "select closed.plan_kits(%s, %s, %s)", [site.pk, places, canonical.encode(arms).decode()]
        )


def _replace(site: Site) -> None:
    """Kits asked for in the place of others, the earliest first, as far as sets are left: a replacement may break one."""
    asked = (
        Kit.objects.filter(site=site, replacement_asked_at__isnull=False, replaced_by=None)
        .select_related("period")
        .order_by("replacement_asked_at", "pk")
    )
    for kit in asked[: balances([site])[site].sets_left]:
        with connection.cursor() as cursor:
            cursor.execute("select closed.replace_kit(%s, %s)", [site.study_id, kit.number])
            number = cursor.fetchone()[0]
        period = kit.period
        if number is None or period is None:
            continue
        with audit_context(User.objects.system(), role="system", reason=REPLACE):
            period.kit_number = number
            period.version += 1
            period.save(force_update=True)
            new = Kit.objects.get(study=site.study_id, number=number)
            new.period, new.replaces = period, kit
            new.version += 1
            new.save(force_update=True)
